//! Approving a proposal: the proposed edit itself is written, in its author's name, where its author stood.

use super::apply::{Case, edit_of};
use super::enrolment::enrol;
use crate::app::Error;
use crate::app::desk::{ADDRESS, Desk};
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::edits;
use domain::{EditId, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use sync::base;
use sync::decide::{self, Decision, Proposal, Undecided};
use sync::outcome::FieldChange;
use sync::record::Source;
use sync::{Context, Edit};
use uuid::Uuid;

/// The edits behind the sides of an item, by id, with the device that made them.
#[derive(Default)]
pub struct Proposed(BTreeMap<EditId, (Edit, Option<Uuid>)>);

impl Proposed {
    /// Reads the edits again that an item's sides name.
    pub async fn read(txn: &Txn, program: &Program, body: &Json) -> Result<Proposed, Error> {
        let sides = body["sides"].as_array().into_iter().flatten();
        let ids: Vec<Uuid> = sides.filter_map(|s| Some(edit_of(s).ok()?.uuid())).collect();
        let mut all = BTreeMap::new();
        for row in edits::by_ids(&**txn, &ids).await? {
            let said = edits::body(&program.keys, &row)?.edit;
            if let Ok(edit) = Edit::stored(&said) {
                all.insert(edit.id, (edit, row.device));
            }
        }
        Ok(Proposed(all))
    }

    pub fn edits(&self) -> Vec<&Edit> {
        self.0.values().map(|(edit, _)| edit).collect()
    }
}

pub async fn approve(desk: &mut Desk<'_>, case: &Case<'_>, id: Uuid) -> Result<Vec<FieldChange>, Error> {
    let side = case.side()?;
    let key = case.row.key.as_str();
    let (edit, device) = case
        .proposed
        .0
        .get(&edit_of(side)?)
        .ok_or(Error::Damaged("proposed edit"))?;
    let catalogue = desk.program.catalogue.clone();
    let field = catalogue.field(key).ok_or(Error::Damaged("item key"))?;
    // What the decider was shown; a value of a form that is no longer accepted equals nothing.
    let shown = field.parse_value(&case.body["present"], catalogue.version, &catalogue);
    let decision = Decision {
        id: EditId::from(case.what.id),
        made_at: desk.now,
        source: case.source(desk.now),
        shown: shown.unwrap_or(Value::Null),
    };
    let keys = desk.program.keys.clone();
    let derive = move |parts: &[&[u8]]| keys.derive(parts);
    let cx = Context {
        catalogue: &catalogue,
        derive: &derive,
        source: case.source(desk.now),
    };
    let by = side["by"].as_str().unwrap_or_default().to_owned();
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    let base = base::effective(&loaded.record, edit, device.map(Into::into), &catalogue);
    let proposal = Proposal {
        edit,
        base: &base,
        key,
        source: Source::Edit {
            edit: edit.id,
            by,
            at: edit.made_at,
        },
    };
    let done = decide::approve(&mut loaded.record, &proposal, decision, &cx);
    let done = done.map_err(|why| match why {
        Undecided::ChangedMeanwhile(present) => Error::Conflict {
            code: "changed_meanwhile",
            message: "该值已被他人修改，请查看最新内容后再决定".into(),
            present: Some(json!({ "key": key, "value": present.to_json() })),
        },
        Undecided::Unreadable(_) => {
            Error::field("unfit_value", "该值按现行字段目录已不能采用，请改填后保存", key)
        }
    })?;
    desk.touch(id);
    if matches!(key, "name" | "id_number" | "birth_date") {
        desk.identity_changed(id);
    }
    if key == ADDRESS {
        desk.address_written(id, side.clone());
    }
    if let Some((category, "status")) = key.split_once('.') {
        let status = done.change.to.as_text().unwrap_or_default().to_owned();
        enrol(desk, case.who.account, id, category, &status).await?;
    }
    Ok(vec![done.change])
}
