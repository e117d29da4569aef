//! The job that looks again at the rows that wait for a person, after a list, a register or an answer has come: the
//! evidence is weighed anew, and whoever is known now is asked about no more.
//!
//! The same rows come to the same, so that a run that is broken off simply begins again.

use super::list_run::{Ground, STEP};
use super::weigh_list::{self, settle};
use super::{Handlers, JobContext, JobFault, JobKind};
use crate::app::lists::evidence::{self, Claims};
use crate::app::lists::lesson;
use crate::app::lists::link_again::link_again;
use crate::program::Program;
use crate::store::lists::{self, Part, Row, Stage, state};

/// Adds this job to what a node runs.
pub fn with(handlers: Handlers, program: &Program) -> Handlers {
    let program = program.clone();
    handlers.with(JobKind::LinkAgain, move |context| {
        let program = program.clone();
        async move { run(&program, &context).await }
    })
}

async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    // Of a register that has just come this is learned now, before a list waits for it.
    lesson::current(program, &|| context.go_on().is_ok()).await?;
    context.go_on()?;
    for id in lists::with_waiting_rows(program.db.read()).await? {
        context.lists_first().await?;
        // What a list says of its own people is no evidence about its other rows.
        if context.subject == Some(id) {
            continue;
        }
        let ground = Ground::about(program, context, id).await?;
        if evidence::fits(&ground.list.kind) {
            weigh(&ground).await?;
            link(&ground).await?;
        }
    }
    Ok(())
}

/// The next rows of a list that wait, behind a place.
async fn waiting<C: sea_orm::ConnectionTrait>(
    db: &C,
    ground: &Ground<'_>,
    after: Option<(i32, i32)>,
    limit: u64,
) -> Result<Vec<Row>, JobFault> {
    let part = Part {
        verdict: Some("ambiguous"),
        undecided: true,
        of_file: true,
        after,
        limit: Some(limit),
        ..Part::default()
    };
    let rows = lists::rows(db, &ground.program.keys, ground.list.id, part).await;
    Ok(rows.map_err(crate::app::Error::from)?)
}

/// All of a list's rows that wait are weighed before one of them is linked.
async fn weigh(ground: &Ground<'_>) -> Result<(), JobFault> {
    let lesson = weigh_list::lesson(ground).await?;
    let (mut claims, mut after) = (Claims::default(), None);
    loop {
        ground.context.lists_first().await?;
        let rows = waiting(ground.program.db.read(), ground, after, STEP).await?;
        let Some(last) = rows.last() else { break };
        after = Some((last.sheet, last.row));
        rows.iter()
            .for_each(|row| claims.number(&ground.program.keys, row));
        let asked: Vec<&Row> = rows.iter().filter(|row| evidence::asks(row)).collect();
        weigh_list::weigh(ground, (Stage::Final, lesson.as_deref()), &asked, &mut claims).await?;
    }
    let db = ground.program.db.read();
    for part in claims.residents().chunks(STEP as usize) {
        claims.take(lists::named_by(db, ground.list.id, part).await?);
    }
    settle(ground, claims).await
}

async fn link(ground: &Ground<'_>) -> Result<(), JobFault> {
    let context = ground.context;
    let Some(came) = context.subject else {
        return Ok(());
    };
    let (mut after, mut pace) = (None, ground.pace());
    loop {
        context.lists_first().await?;
        let step = pace.next(ground.program).await;
        let last = ground.program.db.write(|txn| async move {
            lists::one_at_a_time(&*txn).await?;
            // Somebody may be undoing the list meanwhile.
            let list = lists::find(&*txn, ground.list.id).await?;
            if list.is_none_or(|list| list.state != state::COMMITTED) {
                return Ok(None);
            }
            let rows = waiting(&*txn, ground, after, step).await?;
            for row in rows.iter().filter(|row| evidence::may_link(row)) {
                link_again(&txn, &ground.ground, context.created_by, row, came).await?;
            }
            context.advance(&*txn, 0, 0).await?;
            Ok::<_, JobFault>(rows.last().map(|row| (row.sheet, row.row)))
        });
        match last.await? {
            Some(place) => after = Some(place),
            None => return Ok(()),
        }
    }
}
