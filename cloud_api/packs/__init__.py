"""Rule packs: what gateways run, what is proposed, and what a second person has approved."""
