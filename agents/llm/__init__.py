"""A language model as an agent, asked through any endpoint that speaks OpenAI's protocol."""
