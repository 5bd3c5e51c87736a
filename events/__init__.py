"""What has happened, and what it amounts to: the language the other rooms share. Knows nobody."""
