"""
The peer: a results server as one writes it with Flask and SQLAlchemy's ORM, asking as the original does.

Our own code. What it has in common with the original is what costs: tables as in its contract, a
statement for each result's data, groups and testcase (61 for a page of 20), JOINs for data filters, ILIKE-less
LIKE, the newest by a subquery over history, and on SQLite no DISTINCT ON.
"""
from __future__ import annotations

import datetime
import os
from typing import Any

from flask import Flask, jsonify, request, url_for
from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    and_,
    create_engine,
    desc,
    func,
    literal_column,
    or_,
)
from sqlalchemy.orm import DeclarativeBase, Session, aliased, relationship, scoped_session, sessionmaker

engine = create_engine(os.environ["PEER_DATABASE"])
sessions = scoped_session(sessionmaker(engine))
app = Flask(__name__)
PREFIX = "/api/v2.0"


class Base(DeclarativeBase):
    """Tables."""


links = Table("groups_to_results", Base.metadata,
              Column("id", Integer, primary_key=True), Column("group_uuid", String(36), ForeignKey("peer_group.uuid")),
              Column("result_id", Integer, ForeignKey("peer_result.id")))


class Testcase(Base):
    __tablename__ = "peer_testcase"
    id = Column(Integer, primary_key=True)
    name = Column(Text, unique=True)
    ref_url = Column(Text)


class Group(Base):
    __tablename__ = "peer_group"
    id = Column(Integer, primary_key=True)
    uuid = Column(String(36), unique=True)
    description = Column(Text)
    ref_url = Column(Text)


class Result(Base):
    __tablename__ = "peer_result"
    id = Column(Integer, primary_key=True)
    testcase_name = Column(Text, ForeignKey("peer_testcase.name"))
    submit_time = Column(DateTime, default=datetime.datetime.utcnow)
    outcome = Column(String(32))
    note = Column(Text)
    ref_url = Column(Text)
    testcase = relationship(Testcase)
    groups = relationship(Group, secondary=links)
    data = relationship("ResultData")


class ResultData(Base):
    __tablename__ = "peer_result_data"
    id = Column(Integer, primary_key=True)
    result_id = Column(Integer, ForeignKey("peer_result.id"))
    key = Column(Text)
    value = Column(Text)


@app.teardown_appcontext
def close(_: object) -> None:
    sessions.remove()


def shown(result: Any) -> dict[str, Any]:
    data: dict[str, list[str]] = {}
    for pair in result.data:
        data.setdefault(pair.key, []).append(pair.value)
    return {
        "id": result.id, "groups": [group.uuid for group in result.groups], "data": data, "note": result.note,
        "testcase": {"name": result.testcase.name, "ref_url": result.testcase.ref_url,
                     "href": url_for("get_testcase", name=result.testcase.name, _external=True)},
        "submit_time": result.submit_time.isoformat(), "outcome": result.outcome, "ref_url": result.ref_url,
        "href": url_for("get_result", number=result.id, _external=True)}


@app.get(f"{PREFIX}/testcases/<path:name>")
def get_testcase(name: str) -> Any:
    found = sessions().query(Testcase).filter_by(name=name).first()
    return jsonify({"name": found.name, "ref_url": found.ref_url})


@app.get(f"{PREFIX}/results/<int:number>")
def get_result(number: int) -> Any:
    return jsonify(shown(sessions().get(Result, number)))


@app.post(f"{PREFIX}/results")
def create_result() -> Any:
    session: Session = sessions()
    body = request.get_json()
    testcase = session.query(Testcase).filter_by(name=body["testcase"]).first()
    if testcase is None:
        testcase = Testcase(name=body["testcase"])
        session.add(testcase)
    groups = []
    for uuid in body.get("groups") or []:
        group = session.query(Group).filter_by(uuid=uuid).first()
        if group is None:
            group = Group(uuid=uuid)
            session.add(group)
        groups.append(group)
    result = Result(testcase=testcase, outcome=body["outcome"], note=body.get("note"), ref_url=body.get("ref_url"),
                    groups=groups)
    session.add(result)
    for key, value in (body.get("data") or {}).items():
        result.data.append(ResultData(key=key, value=value))
    session.commit()
    return jsonify(shown(result)), 201


def filtered(query: Any) -> Any:
    names = request.args.get("testcases")
    if names:
        query = query.filter(Result.testcase_name.in_(names.split(",")))
    for key, values in request.args.lists():
        if key in ("testcases", "limit", "page", "_distinct_on"):
            continue
        wanted = [part for value in values for part in value.split(",")]
        pair = aliased(ResultData)
        name, _, modifier = key.partition(":")
        if modifier == "like":
            matches = or_(*(pair.value.like(value.replace("*", "%")) for value in wanted))
        else:
            matches = or_(*(pair.value == value for value in wanted))
        query = query.join(pair, Result.data).filter(and_(pair.key == name, matches))
    return query


@app.get(f"{PREFIX}/results")
def list_results() -> Any:
    limit, page = int(request.args.get("limit", 20)), int(request.args.get("page", 0))
    query = filtered(sessions().query(Result)).order_by(desc(Result.submit_time))
    rows = query.limit(limit + 1).offset(limit * page).all()
    return jsonify({"data": [shown(row) for row in rows[:limit]], "next": None, "prev": None})


@app.get(f"{PREFIX}/results/latest")
def latest() -> Any:
    session: Session = sessions()
    distinct_on = request.args.get("_distinct_on")
    if distinct_on and engine.dialect.name == "postgresql":
        values = []
        query = filtered(session.query(Result))
        for key in distinct_on.split(","):
            pair = aliased(ResultData)
            query = query.outerjoin(pair, and_(pair.result_id == Result.id, pair.key == key))
            values.append(pair.value)
        query = query.distinct(Result.testcase_name, *values).order_by(
            Result.testcase_name, *values, desc(Result.submit_time))
        newest = query.subquery()
        rows = session.query(Result).join(newest, newest.c.id == Result.id).order_by(desc(Result.submit_time)).all()
        return jsonify({"data": [shown(row) for row in rows]})
    if distinct_on:  # the original answers every matching result on SQLite
        rows = filtered(session.query(Result)).order_by(desc(Result.submit_time)).all()
        return jsonify({"data": [shown(row) for row in rows]})
    newest = filtered(session.query(Result.testcase_name, func.max(Result.submit_time).label("newest"))).group_by(
        Result.testcase_name).subquery()
    rows = filtered(session.query(Result)).join(newest, and_(
        newest.c.testcase_name == Result.testcase_name, newest.c.newest == Result.submit_time)).order_by(
        desc(Result.submit_time), literal_column("1")).all()
    return jsonify({"data": [shown(row) for row in rows]})
