"""What chart, steps and documents agree in, each fact once; what else says it is tested equal to it."""
