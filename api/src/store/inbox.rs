//! Inbox items: rows that wait for a person's decision.

use super::fault::Fault;
use super::paging::behind;
use super::sealed;
use crate::seal::Keyring;
use entity::{decision, inbox_item};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

/// An item as it is opened.
#[derive(Clone)]
pub struct NewItem {
    pub id: Uuid,
    pub reason: &'static str,
    pub resident: Option<Uuid>,
    /// Field key, or empty where the reason says all. One item is open per resident, reason and key.
    pub key: String,
    pub village: Option<Uuid>,
    pub town: Option<Uuid>,
    /// Another village that sees the item and does not decide it: where the person may have gone.
    pub beside: Option<Uuid>,
    pub category: Option<String>,
    /// Whose inbox: `village`, `town` or `county`.
    pub level: &'static str,
    /// Both sides, with who, when and source.
    pub body: Value,
    pub list: Option<Uuid>,
    pub list_row: Option<i64>,
    pub held: Option<Uuid>,
}

/// Which items somebody may see.
#[derive(Clone, Debug)]
pub enum Reach {
    County,
    /// Items of these villages; a town officer also has the items of towns, whose ids stand in `towns`.
    Places {
        villages: Vec<Uuid>,
        towns: Vec<Uuid>,
    },
    /// Items of residents in these grids (a worker's own view).
    Nothing,
}

/// What a page of the inbox is narrowed to.
#[derive(Clone, Default)]
pub struct Filter {
    pub reason: Option<String>,
    pub village: Option<Uuid>,
    pub resident: Option<Uuid>,
    pub category: Option<String>,
    pub list: Option<Uuid>,
    pub state: Option<String>,
}

pub async fn insert<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    items: &[NewItem],
    now: i64,
) -> Result<(), DbErr> {
    for part in items.chunks(200) {
        let models = part.iter().map(|item| inbox_item::ActiveModel {
            id: Set(item.id),
            reason: Set(item.reason.into()),
            resident: Set(item.resident),
            key: Set(item.key.clone()),
            village: Set(item.village),
            town: Set(item.town),
            beside: Set(item.beside),
            category: Set(item.category.clone()),
            level: Set(item.level.into()),
            n: Set(1),
            state: Set("open".into()),
            sealed: Set(sealed::seal(keys, "inbox_item", item.id, &item.body)),
            list: Set(item.list),
            list_row: Set(item.list_row),
            held: Set(item.held),
            opened_at: Set(now),
            closed_at: Set(None),
            closed_by: Set(None),
        });
        inbox_item::Entity::insert_many(models)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// The item shows something else from now on: whoever has it open must look again.
pub async fn change<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    id: Uuid,
    n: i32,
    beside: Option<Uuid>,
    body: &Value,
) -> Result<(), DbErr> {
    let row = inbox_item::ActiveModel {
        id: Unchanged(id),
        n: Set(n),
        beside: Set(beside),
        sealed: Set(sealed::seal(keys, "inbox_item", id, body)),
        ..Default::default()
    };
    inbox_item::Entity::update(row).exec(db).await?;
    Ok(())
}

/// Closes an item as `decided`, `superseded`, `applied` or `withdrawn`; `body` says what became of it.
pub async fn close<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    id: Uuid,
    state: &str,
    by: Option<Uuid>,
    now: i64,
    body: &Value,
) -> Result<(), DbErr> {
    let row = inbox_item::ActiveModel {
        id: Unchanged(id),
        state: Set(state.into()),
        closed_at: Set(Some(now)),
        closed_by: Set(by),
        sealed: Set(sealed::seal(keys, "inbox_item", id, body)),
        ..Default::default()
    };
    inbox_item::Entity::update(row).exec(db).await?;
    Ok(())
}

/// Open items of some residents.
pub async fn open_of<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
) -> Result<Vec<inbox_item::Model>, DbErr> {
    if residents.is_empty() {
        return Ok(Vec::new());
    }
    inbox_item::Entity::find()
        .filter(inbox_item::Column::Resident.is_in(residents.iter().copied()))
        .filter(inbox_item::Column::State.eq("open"))
        .order_by_asc(inbox_item::Column::Id)
        .all(db)
        .await
}

/// What was decided before on these residents, the latest last.
pub async fn decided_before<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
) -> Result<Vec<inbox_item::Model>, DbErr> {
    if residents.is_empty() {
        return Ok(Vec::new());
    }
    inbox_item::Entity::find()
        .filter(inbox_item::Column::Resident.is_in(residents.iter().copied()))
        .filter(inbox_item::Column::State.eq("decided"))
        .order_by_asc(inbox_item::Column::ClosedAt)
        .order_by_asc(inbox_item::Column::Id)
        .all(db)
        .await
}

/// Items of a reason on these residents that ended because they were answered by the way.
pub async fn superseded<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
    reason: &str,
) -> Result<Vec<inbox_item::Model>, DbErr> {
    if residents.is_empty() {
        return Ok(Vec::new());
    }
    inbox_item::Entity::find()
        .filter(inbox_item::Column::Resident.is_in(residents.iter().copied()))
        .filter(inbox_item::Column::Reason.eq(reason))
        .filter(inbox_item::Column::State.eq("superseded"))
        .order_by_asc(inbox_item::Column::Id)
        .all(db)
        .await
}

/// Opens an item again that had ended, as a new version of itself.
pub async fn open_again<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    row: &inbox_item::Model,
    body: &Value,
) -> Result<(), DbErr> {
    let model = inbox_item::ActiveModel {
        id: Unchanged(row.id),
        n: Set(row.n + 1),
        state: Set("open".into()),
        closed_at: Set(None),
        closed_by: Set(None),
        sealed: Set(sealed::seal(keys, "inbox_item", row.id, body)),
        ..Default::default()
    };
    inbox_item::Entity::update(model).exec(db).await?;
    Ok(())
}

/// Open items of residents stand in the inbox of the village that has the person now.
pub async fn relocate<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
    village: Uuid,
    town: Option<Uuid>,
) -> Result<(), DbErr> {
    inbox_item::Entity::update_many()
        .col_expr(inbox_item::Column::Village, Expr::value(village))
        .col_expr(inbox_item::Column::Town, Expr::value(town))
        .col_expr(inbox_item::Column::Level, Expr::value("village"))
        .filter(inbox_item::Column::Resident.eq(resident))
        .filter(inbox_item::Column::State.eq("open"))
        .exec(db)
        .await?;
    Ok(())
}

/// The open item that stands for a held row.
pub async fn open_for_held<C: ConnectionTrait>(
    db: &C,
    held: &[Uuid],
) -> Result<Vec<inbox_item::Model>, DbErr> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    inbox_item::Entity::find()
        .filter(inbox_item::Column::Held.is_in(held.iter().copied()))
        .filter(inbox_item::Column::State.eq("open"))
        .all(db)
        .await
}

/// Closes the open items of a list's rows: it was undone.
pub async fn withdraw_of_list<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: Uuid,
    now: i64,
) -> Result<(), Fault> {
    let open = inbox_item::Entity::find()
        .filter(inbox_item::Column::List.eq(list))
        .filter(inbox_item::Column::State.eq("open"));
    for row in open.all(db).await? {
        let mut body = body(keys, &row)?;
        body["result"] = serde_json::json!({ "undone": list });
        close(db, keys, row.id, "withdrawn", None, now, &body).await?;
    }
    Ok(())
}

/// Open items of rows of lists, by list and place.
pub async fn open_of_rows<C: ConnectionTrait>(db: &C, places: &[(Uuid, i64)]) -> Result<Vec<Uuid>, DbErr> {
    use inbox_item::Column as C_;
    let mut out = Vec::new();
    for part in places.chunks(100) {
        let any = part.iter().fold(Condition::any(), |any, (list, row)| {
            any.add(Condition::all().add(C_::List.eq(*list)).add(C_::ListRow.eq(*row)))
        });
        let found = inbox_item::Entity::find()
            .select_only()
            .column(C_::Id)
            .filter(any)
            .filter(C_::State.eq("open"));
        out.extend(found.into_tuple::<Uuid>().all(db).await?);
    }
    Ok(out)
}

/// An item locked until commit.
pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<inbox_item::Model>, DbErr> {
    inbox_item::Entity::find_by_id(id).lock_exclusive().one(db).await
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<inbox_item::Model>, DbErr> {
    inbox_item::Entity::find_by_id(id).one(db).await
}

/// One page in the order of opening, after the item with this (opened_at, id).
pub async fn page<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    filter: &Filter,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<inbox_item::Model>, DbErr> {
    use inbox_item::Column as C_;
    let mut query =
        inbox_item::Entity::find().filter(C_::State.eq(filter.state.as_deref().unwrap_or("open")));
    if let Some(seen) = seen_by(reach) {
        query = query.filter(seen);
    }
    if let Some(reason) = &filter.reason {
        query = query.filter(C_::Reason.eq(reason));
    }
    if let Some(village) = filter.village {
        query = query.filter(C_::Village.eq(village));
    }
    if let Some(resident) = filter.resident {
        query = query.filter(C_::Resident.eq(resident));
    }
    if let Some(category) = &filter.category {
        query = query.filter(C_::Category.eq(category));
    }
    if let Some(list) = filter.list {
        query = query.filter(C_::List.eq(list));
    }
    if let Some((at, id)) = after {
        query = query.filter(behind((C_::OpenedAt, C_::Id), (at, id)));
    }
    query
        .order_by_asc(C_::OpenedAt)
        .order_by_asc(C_::Id)
        .limit(limit)
        .all(db)
        .await
}

/// The condition of a reach; `None` is no restriction.
pub fn seen_by(reach: &Reach) -> Option<Condition> {
    use inbox_item::Column as C_;
    match reach {
        Reach::County => None,
        Reach::Nothing => Some(Condition::any().add(C_::Level.eq("nobody"))),
        Reach::Places { villages, towns } => Some(
            Condition::any()
                .add(
                    Condition::all()
                        .add(C_::Level.eq("village"))
                        .add(C_::Village.is_in(villages.iter().copied())),
                )
                .add(C_::Beside.is_in(villages.iter().copied()))
                .add(
                    Condition::all()
                        .add(C_::Level.is_in(["village", "town"]))
                        .add(C_::Town.is_in(towns.iter().copied())),
                ),
        ),
    }
}

pub fn body(keys: &Keyring, row: &inbox_item::Model) -> Result<Value, Fault> {
    Ok(sealed::open(keys, "inbox_item", row.id, &row.sealed)?)
}

/// A decision by the client's id: a repeated one is answered with the first result.
pub async fn decision<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<decision::Model>, DbErr> {
    decision::Entity::find_by_id(id).one(db).await
}

/// The decision that closed an item.
pub async fn decision_of<C: ConnectionTrait>(db: &C, item: Uuid) -> Result<Option<decision::Model>, DbErr> {
    decision::Entity::find()
        .filter(decision::Column::Item.eq(item))
        .order_by_desc(decision::Column::At)
        .one(db)
        .await
}

pub async fn save_decision<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    row: &decision::Model,
    body: &Value,
) -> Result<(), DbErr> {
    let model = decision::ActiveModel {
        id: Set(row.id),
        item: Set(row.item),
        item_n: Set(row.item_n),
        account: Set(row.account),
        choice: Set(row.choice.clone()),
        sealed: Set(sealed::seal(keys, "decision", row.id, body)),
        digest: Set(row.digest.clone()),
        at: Set(row.at),
    };
    decision::Entity::insert(model).exec_without_returning(db).await?;
    Ok(())
}
