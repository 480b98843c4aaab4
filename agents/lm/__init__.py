"""What agents with a language model inside share: loading, eyes, cache, LoRA, snapshots, PPO."""
