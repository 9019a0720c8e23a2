"""SQLAlchemy over psycopg 3: core, ORM, reflection, server-side cursors."""

import sqlalchemy as sa
from sqlalchemy import orm

from steps import PART, emit, failing, setup, sql

engine = sa.create_engine("postgresql+psycopg://", poolclass=sa.NullPool)


class Base(orm.DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    __table_args__ = {"schema": "scratch"}
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    price: orm.Mapped[float | None]
    data: orm.Mapped[dict | None] = orm.mapped_column(sa.dialects.postgresql.JSONB)


def step(name):
    def run(function):
        try:
            value = function()
        except sa.exc.DBAPIError as error:
            value = {"failed": error.orig.sqlstate}
        emit(name, value)
        return function

    return run


def dicts(result):
    return [dict(row) for row in result.mappings()]


def everything():
    @step("setup")
    def _():
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in setup():
                connection.exec_driver_sql(statement)

    @step("types")
    def _():
        with engine.connect() as connection:
            return dicts(connection.exec_driver_sql(sql("types")))

    @step("reflection")
    def _():
        inspector = sa.inspect(engine)
        table = sa.Table("items", sa.MetaData(), schema="scratch", autoload_with=engine)
        return [
            inspector.get_schema_names(),
            inspector.get_table_names("scratch"),
            [[column.name, repr(column.type), column.nullable, column.primary_key] for column in table.columns],
        ]

    @step("reflection of the clinic")
    def _():
        inspector = sa.inspect(engine)
        return [
            inspector.get_table_names("public"),
            inspector.get_view_names("public"),
            [[column["name"], repr(column["type"]), column["nullable"]] for column in inspector.get_columns("patients", "public")],
            inspector.get_foreign_keys("encounters", "public"),
            inspector.get_indexes("patients", "public"),
            inspector.get_pk_constraint("patients", "public"),
            inspector.get_unique_constraints("patients", "public"),
            inspector.get_enums("public"),
        ]

    @step("select")
    def _():
        with engine.connect() as connection:
            items = Item.__table__
            query = sa.select(items.c.id, sa.func.upper(items.c.name).label("upper")).where(items.c.id.in_([1, 2, 3])).order_by(items.c.id.desc())
            page = sa.select(items).where(items.c.price > 100).order_by(items.c.id).limit(3).offset(5)
            return [dicts(connection.execute(query)), dicts(connection.execute(page))]

    @step("session")
    def _():
        with orm.Session(engine) as session:
            session.add_all([Item(id=8000 + i, name=f"orm {i}", data={"i": i}) for i in range(50)])
            session.flush()
            session.get(Item, 8001).name = "changed"
            session.delete(session.get(Item, 8002))
            session.flush()
            found = session.scalars(sa.select(Item).where(Item.id >= 8000).order_by(Item.id).limit(3)).all()
            seen = [[item.id, item.name, item.data] for item in found]
            session.rollback()
            return seen + [session.scalar(sa.select(sa.func.count()).select_from(Item))]

    @step("savepoint")
    def _():
        with orm.Session(engine) as session:
            session.add(Item(id=8000, name="kept"))
            session.flush()
            try:
                with session.begin_nested():
                    session.execute(sa.insert(Item).values(id=1, name="again"))
            except sa.exc.IntegrityError as error:
                failed = error.orig.sqlstate
            seen = [failed, session.scalar(sa.select(sa.func.count()).select_from(Item))]
            session.rollback()
            return seen

    @step("server-side cursor")
    def _():
        with engine.connect().execution_options(stream_results=True, max_row_buffer=10) as connection:
            return [row.id for row in connection.execute(sa.select(Item.id).where(Item.id <= 45).order_by(Item.id))]

    @step("upsert")
    def _():
        with engine.connect() as connection:
            insert = sa.dialects.postgresql.insert(Item).values(id=1, name="other")
            query = insert.on_conflict_do_update(index_elements=["id"], set_={"name": insert.excluded.name + "!"}).returning(Item.id, Item.name)
            return dicts(connection.execute(query))

    for name, statement in failing():

        @step(f"error: {name}")
        def _():
            with engine.connect() as connection:
                connection.exec_driver_sql(statement)

    @step("teardown")
    def _():
        with engine.begin() as connection:
            connection.exec_driver_sql(sql("teardown"))


def phi():
    with engine.connect() as connection:

        @step("phi driver")
        def _():
            return dicts(connection.exec_driver_sql(sql("patients")))

        @step("phi parameters")
        def _():
            return dicts(connection.execute(sa.text(sql("patients").replace("25", ":most")), {"most": 25}))

        @step("phi reflected")
        def _():
            columns = "id mrn full_name birth_date birth_year ssn phone email portal_id insurance allergies note created_at".split()
            patients = sa.Table("patients", sa.MetaData(), schema="public", autoload_with=engine, include_columns=columns, resolve_fks=False)
            query = sa.select(*[patients.c[name] for name in columns]).where(patients.c.id <= 25).order_by(patients.c.id)
            return dicts(connection.execute(query))

        @step("derived")
        def _():
            return dicts(connection.exec_driver_sql(sql("derived")))

        @step("counted")
        def _():
            return dicts(connection.exec_driver_sql("SELECT count(*) AS n, count(email) AS emails FROM public.patients"))


if PART == "all":
    everything()
phi()
