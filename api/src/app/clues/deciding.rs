//! What people decide about clues: in the inbox while they are open, and afterwards where the department has acted or a
//! decision turns out wrong.

use super::enter::{close_item, item, step};
use super::see::{self, reach};
use super::tasks::{self, Sender};
use super::visited::contradict;
use crate::actor::Actor;
use crate::app::Error;
use crate::app::desk::Desk;
use crate::app::inbox::Case;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::clues;
use crate::store::db::Txn;
use crate::store::{feeds, inbox};
use domain::catalogue::Role;
use entity::clue;
use matching::clues::state::{self, State};
use uuid::Uuid;

/// Answers the item of a clue: `send` (the `value` names the worker, or whoever has the grid), `confirm`, `refute` and
/// `close` (with a reason).
pub async fn answer(desk: &mut Desk<'_>, case: &Case<'_>) -> Result<(), Error> {
    let (txn, program, now) = (desk.txn.clone(), desk.program, desk.now);
    let id = Uuid::try_parse(&case.row.key).map_err(|_| Error::Damaged("key of a clue's item"))?;
    let mut row = clues::lock(&*txn, id).await?.ok_or(Error::NotFound)?;
    let to = match case.what.choice.as_str() {
        "send" => State::Sent,
        "confirm" => State::Confirmed,
        "refute" => State::Refuted,
        "close" => State::Closed,
        _ => return Err(Error::field("unfit_choice", "该事项不能这样处理", "choice")),
    };
    if matches!(to, State::Refuted | State::Closed) {
        case.reason()?;
    }
    allowed(&row, to)?;
    let mut body = clues::body(&program.keys, &row)?;
    let reason = case.what.reason.clone().filter(|text| !text.trim().is_empty());
    if to == State::Sent {
        let named = case.what.value.as_ref().and_then(|value| value.as_str());
        let named = named.map(Uuid::try_parse).transpose();
        let named =
            named.map_err(|_| Error::field("worker_unknown", "value 应为网格员的账号编号", "value"))?;
        let worker = tasks::worker(&txn, &row, named, &now.date().to_string()).await?;
        let by = Sender {
            account: case.who.account,
            name: &case.who.name,
            note: reason.as_deref(),
            now,
        };
        let news = tasks::send(&txn, program, &mut row, &body, worker, &by).await?;
        desk.news.extend(news);
    }
    body.went(step(to, now, Some(&case.who.name), reason));
    row.state = to.name().into();
    row.n += 1;
    row.changed_at = now.millis();
    if to == State::Confirmed {
        contradict(&txn, &row, &body).await?;
    }
    clues::seal(&program.keys, &mut row, &body);
    clues::update(&*txn, &row).await?;
    desk.close_row(case.row, case.what.id, case.result()).await
}

fn allowed(row: &clue::Model, to: State) -> Result<(), Error> {
    let from = State::parse(&row.state).ok_or(Error::Damaged("state of a clue"))?;
    match state::may_go(from, to) {
        true => Ok(()),
        false => Err(Error::Conflict {
            code: "unfit_state",
            message: "疑点现在的状态不能这样处理".into(),
            present: Some(serde_json::json!({ "state": row.state, "n": row.n })),
        }),
    }
}

/// What somebody wants of a clue that is no open item.
pub struct Wish<'a> {
    pub to: &'a str,
    /// The version that was seen.
    pub n: i32,
    pub reason: &'a str,
}

/// Takes a clue on: the department closes what it has acted on; village, town and bureau close, refute, or open again.
///
/// # Errors
/// `NotFound`; `Forbidden` for a department that wants more than to close; `Refused` `reason_required`; `Conflict`
/// `changed_meanwhile`, `unfit_state`.
pub async fn change(program: &Program, actor: &Actor, id: Uuid, wish: &Wish<'_>) -> Result<see::View, Error> {
    let within = reach(program, actor)?;
    let to = State::parse(wish.to).filter(|to| *to != State::Sent);
    let to = to.ok_or_else(|| {
        Error::field(
            "unfit_state",
            "只能改为 open、confirmed、refuted 或 closed",
            "state",
        )
    })?;
    if actor.role() == Some(Role::Department) && to != State::Closed {
        return Err(Error::Forbidden {
            code: "only_closing",
            message: "部门只能办结疑点，是否属实由村居核实",
        });
    }
    let reason = wish.reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(Error::field(
            "reason_required",
            "请填写理由（500 字以内）",
            "reason",
        ));
    }
    let within = &within;
    program
        .db
        .write(|txn| async move {
            clues::visible(&*txn, within, id).await?.ok_or(Error::NotFound)?;
            let row = clues::lock(&*txn, id).await?.ok_or(Error::NotFound)?;
            taken_on(&txn, program, actor, row, (to, wish.n), reason).await
        })
        .await?;
    see::one(program, actor, id).await
}

async fn taken_on(
    txn: &Txn,
    program: &Program,
    actor: &Actor,
    mut row: clue::Model,
    (to, n): (State, i32),
    reason: &str,
) -> Result<(), Error> {
    let now = program.clock.now();
    if row.n != n {
        return Err(Error::Conflict {
            code: "changed_meanwhile",
            message: "疑点已有变化，请查看后再处理".into(),
            present: Some(serde_json::json!({ "state": row.state, "n": row.n })),
        });
    }
    allowed(&row, to)?;
    let mut body = clues::body(&program.keys, &row)?;
    body.went(step(to, now, Some(&actor.name), Some(reason.to_owned())));
    let news = match row.state == State::Sent.name() {
        true => tasks::withdraw(txn, &program.keys, row.task.take(), now).await?,
        false => Vec::new(),
    };
    row.state = to.name().into();
    row.n += 1;
    row.changed_at = now.millis();
    if to == State::Confirmed {
        contradict(txn, &row, &body).await?;
    }
    if to == State::Open {
        let again = item(&mut row, &body);
        inbox::insert(&**txn, &program.keys, &[again], now.millis()).await?;
    } else {
        close_item(txn, program, &row, now).await?;
    }
    clues::seal(&program.keys, &mut row, &body);
    clues::update(&**txn, &row).await?;
    let entry = Entry::done("change_clue", actor.account)
        .by_device(actor.device)
        .on("clue", row.id)
        .detail(to.name());
    audit::insert(&**txn, entry, now.millis()).await?;
    Ok(feeds::publish(&**txn, &program.keys, &[], news).await?)
}
