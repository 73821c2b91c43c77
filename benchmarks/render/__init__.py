"""The same assertions on our chart by our harness, by helm-unittest and by plain `helm template`, side by side."""
