"""What the render cases of a chart never exercise, and which changes of the chart no test would notice."""
