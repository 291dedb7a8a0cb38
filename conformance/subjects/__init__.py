"""What requirements judge: typed readings of what a target answered, and the views that pick them out of a run."""
