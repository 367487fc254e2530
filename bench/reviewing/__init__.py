"""What `review_page` is made of: equal text for both sides, CPU time of servers, isso in a throw-away venv."""
