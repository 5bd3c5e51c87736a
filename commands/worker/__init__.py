"""The worker behind the queue: applies what is due."""
