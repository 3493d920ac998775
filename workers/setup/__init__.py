"""Setting the bot up in the browser: app.yml's manifest goes to GitHub, what comes back goes into .env.

env_file     what is written into .env, for nobody else's eyes
pages        the pages on this machine, and the exchange of GitHub's code for the App's credentials
command      `scalability-bot setup`
"""
