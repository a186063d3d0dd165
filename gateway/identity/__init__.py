"""Who is who: following the API's registry and desired configurations, and reporting back."""
