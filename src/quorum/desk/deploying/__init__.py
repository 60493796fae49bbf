"""From the last tier to paper: the critic, the risk assessment, a person's word, and a deployed strategy's life.

Promise: nothing is deployed without a person's yes to exactly that; what is expected of it is on record beforehand.
In: a desk, ids of strategies, approvals. Out: plain values, as they are kept and shown.
Neighbours: `validation.critic` and `validation.ladder` judge; `desk.life` keeps; `desk.proving` comes before.
"""

from quorum.desk.deploying.assessment import Assessment, Neighbour, RiskTerms, Subject, assess_deployment
from quorum.desk.deploying.baseline import Band, Baseline, Standing
from quorum.desk.deploying.criticising import critic_verdict, criticise
from quorum.desk.deploying.deploy import WORKFLOW, Consent, asking_run, consent_of, deploy, question_of
from quorum.desk.deploying.evaluating import evaluate, evaluate_portfolio, next_of
from quorum.desk.deploying.plan import Plan, plan_deployment
from quorum.desk.deploying.risk import assess_risk
from quorum.desk.deploying.steering import Word, pause, resume, retire, undeploy

__all__ = [
    "WORKFLOW",
    "Assessment",
    "Band",
    "Baseline",
    "Consent",
    "Neighbour",
    "Plan",
    "RiskTerms",
    "Standing",
    "Subject",
    "Word",
    "asking_run",
    "assess_deployment",
    "assess_risk",
    "consent_of",
    "critic_verdict",
    "criticise",
    "deploy",
    "evaluate",
    "evaluate_portfolio",
    "next_of",
    "pause",
    "plan_deployment",
    "question_of",
    "resume",
    "retire",
    "undeploy",
]
