"""Step Functions: state machines that run, by moto's interpreter of the Amazon States Language."""
