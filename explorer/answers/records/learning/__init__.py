"""What is learned, and when: waves of a clock, the step since which an example stays right, the loss of each token."""
