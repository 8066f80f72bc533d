"""Staged contacts into contacts: found by key, else address, else phone; consent never widened."""

from __future__ import annotations

from dataclasses import dataclass

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Rejected:
    line: int
    reason: str


async def match(tx: Transaction) -> None:
    """Aim each staged row at the contact that has its key, else its address, else its phone number."""
    await tx.run(
        """
        create temporary table aimed_contacts on commit drop as
        select s.*, coalesce(k.id, e.id, p.id) is null as is_new,
               coalesce(k.id, e.id, p.id, s.id) as contact_id,
               case when e.id is null then null
                    when k.id is not null and k.id <> e.id or k.id is null and s.key <> e.key
                    then 'Another contact has this e-mail address.' end as reason
        from staged_contacts s
        left join contacts k on k.key = s.key
        left join contacts e on e.email = s.email
        left join contacts p on p.phone = s.phone and p.key is null and p.email is null
                            and s.key is null and s.email is null
        """
    )


async def has_twins(tx: Transaction) -> bool:
    """Whether two rows mean one contact; most files have none, and their rows are final as they are."""
    return bool(
        await tx.value(
            """
            select exists (select from aimed_contacts where email is not null
                           group by email having count(*) > 1)
                or exists (select from aimed_contacts where key is not null group by key having count(*) > 1)
                or exists (select from aimed_contacts where key is null and email is null
                           group by phone having count(*) > 1)
                or exists (select from aimed_contacts where not is_new
                           group by contact_id having count(*) > 1)
            """
        )
    )


async def join_twins(tx: Transaction) -> None:
    """Rows of one new contact get the id of its first row."""
    await tx.run(
        """
        update aimed_contacts a set contact_id = f.contact_id
        from (select line, first_value(contact_id) over (
                  partition by coalesce('k' || key, 'e' || email, 'p' || phone) order by line) as contact_id
              from aimed_contacts where is_new) f
        where f.line = a.line and a.contact_id <> f.contact_id
        """
    )


async def refuse_twins(tx: Transaction) -> None:
    """Two rows that give one address to two contacts, or one contact two keys: the first one stands."""
    await tx.run(
        """
        with firsts as (
            select line,
                   first_value(contact_id) over (partition by email order by line) as of_email,
                   first_value(contact_id) over (partition by key order by line) as of_key,
                   first_value(key) over (partition by contact_id order by key is null, line) as own_key
            from aimed_contacts where reason is null
        )
        update aimed_contacts a
        set reason = 'The file gives this address or key to two contacts; the first row was kept.'
        from firsts f
        where f.line = a.line and ((a.email is not null and a.contact_id <> f.of_email)
              or (a.key is not null and (a.contact_id <> f.of_key or a.key <> f.own_key)))
        """
    )


async def refused(tx: Transaction) -> list[Rejected]:
    return await tx.all(
        Rejected, "select line, reason from aimed_contacts where reason is not null order by line"
    )


async def take_as_they_are(tx: Transaction) -> None:
    await tx.run("delete from aimed_contacts where reason is not null")
    await tx.run("alter table aimed_contacts rename to final_contacts")


async def collapse(tx: Transaction) -> None:
    """One row a contact: the last thing said about each field, and consent only where no row denies it."""
    await tx.run(
        """
        create temporary table final_contacts on commit drop as
        select contact_id, bool_and(is_new) as is_new,
               (array_agg(key order by line desc) filter (where key is not null))[1] as key,
               (array_agg(email order by line desc) filter (where email is not null))[1] as email,
               (array_agg(phone order by line desc) filter (where phone is not null))[1] as phone,
               (array_agg(first_name order by line desc) filter (where first_name is not null))[1]
                   as first_name,
               (array_agg(last_name order by line desc) filter (where last_name is not null))[1] as last_name,
               (array_agg(attributes order by line desc) filter (where attributes is not null))[1]
                   as attributes,
               bool_and(email_consent) as email_consent, bool_and(sms_consent) as sms_consent
        from aimed_contacts where reason is null group by contact_id
        """
    )


async def insert_new(tx: Transaction, actor: Actor) -> int:
    return await tx.run(
        """
        insert into contacts (customer_id, id, key, email, phone, first_name, last_name, attributes,
                              email_consent, sms_consent)
        select %(customer_id)s, contact_id, key, email, phone, first_name, last_name, attributes,
               email_consent, sms_consent
        from final_contacts where is_new
        """,
        customer_id=actor.customer_id,
    )


async def update_known(tx: Transaction) -> int:
    """What the file leaves empty stays; a recorded no stays no."""
    return await tx.run(
        """
        update contacts c
        set key = coalesce(c.key, f.key), email = coalesce(f.email, c.email),
            phone = coalesce(f.phone, c.phone), first_name = coalesce(f.first_name, c.first_name),
            last_name = coalesce(f.last_name, c.last_name),
            attributes = case when f.attributes is null then c.attributes
                              else coalesce(c.attributes, '{}') || f.attributes end,
            email_consent = case when c.email_consent and f.email_consent is false then false
                                 else coalesce(c.email_consent, f.email_consent) end,
            sms_consent = case when c.sms_consent and f.sms_consent is false then false
                               else coalesce(c.sms_consent, f.sms_consent) end,
            updated_at = now()
        from final_contacts f
        where c.id = f.contact_id and not f.is_new
          and ((c.key is null and f.key is not null) or f.email <> coalesce(c.email, '')
               or f.phone <> coalesce(c.phone, '') or f.first_name <> coalesce(c.first_name, '')
               or f.last_name <> coalesce(c.last_name, '')
               or not coalesce(c.attributes, '{}') @> coalesce(f.attributes, '{}')
               or (c.email_consent is null and f.email_consent is not null)
               or (c.sms_consent is null and f.sms_consent is not null)
               or (c.email_consent and f.email_consent is false)
               or (c.sms_consent and f.sms_consent is false))
        """
    )
