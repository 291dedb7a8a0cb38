"""Answers to requests that keep to the contract.

A server may answer an invalid request instead of refusing it, and the requirements of validation say what that is worth. What such an
answer has to look like nobody can say: how many choices are right for `n: 0`, how many tokens for a cap of -1?
"""

from __future__ import annotations

from typing import Final

from conformance.observation import accepted
from conformance.subjects.pair import variation
from conformance.subjects.reply import answer, reply

valid_answer: Final = answer.where(accepted, "whole answer to a valid request")

valid_reply: Final = reply.where(accepted, "answer to a valid request, whole or streamed")

valid_variation: Final = variation.where(accepted, "answers to a request and a valid variation of it")
