"""What people and agents see of a run at the forge, and the review: made from one Report, told as often as needed."""
