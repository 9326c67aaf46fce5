"""28 April 2021 replayed on a model of AWS: `make rush`. What the model is and leaves out: docs/performance/rush.md."""
