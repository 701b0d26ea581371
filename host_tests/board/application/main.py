"""The application of the agent's tests on a board: one value, and a command whose effects can be counted."""

from xyte.agent import Agent

agent = Agent(version="1.0.0")
marks = 0


@agent.sensor("answer", deadband=0)
def answer():
    return 42


@agent.sensor("marks", deadband=0)
def marked():
    return marks


@agent.command("mark")
def mark(params, progress):
    global marks
    marks += 1


agent.run()
