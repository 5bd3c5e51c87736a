"""What a group is to be: drafted, looked at in DRS, judged, and said in facts."""
