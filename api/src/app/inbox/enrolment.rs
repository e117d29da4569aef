//! Enrolments that the village begins and ends.

use crate::app::Error;
use crate::app::desk::Desk;
use crate::store::enrolments::{self, NewEnrolment};
use serde_json::json;
use sync::record::EnrolmentLine;
use uuid::Uuid;

/// A status that a cadre approved or wrote begins or ends an enrolment in the village's name.
pub async fn enrol(
    desk: &mut Desk<'_>,
    by: Uuid,
    id: Uuid,
    category: &str,
    status: &str,
) -> Result<(), Error> {
    let month = desk.now.month();
    let open = enrolments::open_of(&*desk.txn, id, category).await?;
    let keys = desk.program.keys.clone();
    let lines = |desk: &mut Desk<'_>, change: &dyn Fn(&mut Vec<EnrolmentLine>)| {
        if let Some(loaded) = desk.records.get_mut(&id) {
            change(&mut loaded.record.kept.enrolments);
        }
    };
    match (status, open) {
        ("active", None) => {
            let new = NewEnrolment {
                resident: id,
                category,
                source: "村居",
                since: &month,
                source_status: "none",
                village_status: "confirmed",
                list: None,
                handed_in: &json!({ "approved_by": by }),
            };
            enrolments::begin(&*desk.txn, &keys, &new).await?;
            let line = EnrolmentLine {
                category: category.into(),
                source: "村居".into(),
                since: month,
                until: None,
                status: "active".into(),
                village: "confirmed".into(),
            };
            lines(desk, &|all| all.push(line.clone()));
        }
        ("ended", Some(_)) => {
            enrolments::end(&*desk.txn, id, category, &month).await?;
            lines(desk, &|all| {
                for line in all
                    .iter_mut()
                    .filter(|l| l.category == category && l.until.is_none())
                {
                    line.until = Some(month.clone());
                    line.status = "ended".into();
                    line.village = "ended".into();
                }
            });
        }
        _ => {}
    }
    Ok(())
}

/// The village says that somebody whom a list leaves out is on the roster still.
pub async fn keep(desk: &mut Desk<'_>, id: Uuid, category: &str) -> Result<(), Error> {
    enrolments::village_says(&*desk.txn, id, category, "confirmed").await?;
    if let Some(loaded) = desk.records.get_mut(&id) {
        let lines = &mut loaded.record.kept.enrolments;
        for line in lines
            .iter_mut()
            .filter(|l| l.category == category && l.until.is_none())
        {
            line.village = "confirmed".into();
        }
    }
    Ok(())
}
