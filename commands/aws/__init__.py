"""What the door to AWS is made of: who calls, how fast, what is read at once, what must hold, what errors mean."""
