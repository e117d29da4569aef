//! What a phone may carry: so many records and bytes. Above the soft bound somebody should look; above the hard one a
//! grid more is not given without a word, and whole grids stay away from the phone.

use crate::app::Error;
use crate::store::feeds;
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

/// Both bounds, as they are configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub soft_records: i64,
    pub hard_records: i64,
    pub soft_bytes: i64,
    pub hard_bytes: i64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            soft_records: 1500,
            hard_records: 3000,
            soft_bytes: 8 * 1024 * 1024,
            hard_bytes: 16 * 1024 * 1024,
        }
    }
}

/// What grids weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    pub records: i64,
    pub bytes: i64,
}

impl Budget {
    /// The budget of one device, where an administrator has set another hard bound for it.
    pub fn of(self, device: &entity::device::Model) -> Budget {
        Budget {
            hard_records: device.budget_records.unwrap_or(self.hard_records),
            hard_bytes: device.budget_bytes.unwrap_or(self.hard_bytes),
            ..self
        }
    }

    pub fn holds(&self, weight: Weight) -> bool {
        weight.records <= self.hard_records && weight.bytes <= self.hard_bytes
    }

    /// Whether somebody should look.
    pub fn is_near(&self, weight: Weight) -> bool {
        weight.records > self.soft_records || weight.bytes > self.soft_bytes
    }
}

/// Of a worker's grids in the order in which they were given, how many fit: whole grids, until one does not.
pub fn fitting(budget: &Budget, grids: &[Weight]) -> usize {
    let mut sum = Weight::default();
    let fits = grids.iter().take_while(|grid| {
        sum.records += grid.records;
        sum.bytes += grid.bytes;
        budget.holds(sum)
    });
    fits.count()
}

/// Refuses a grid more for who would carry too much with it, unless the figure is named.
///
/// # Errors
/// `Conflict` `over_budget` with both figures.
pub async fn may_be_given<C: ConnectionTrait>(
    db: &C,
    budget: &Budget,
    grids: &[Uuid],
    named: Option<i64>,
) -> Result<(), Error> {
    let weights = feeds::weights(db, grids).await?;
    let sum = weights
        .values()
        .fold(Weight::default(), |sum, (records, bytes)| Weight {
            records: sum.records + records,
            bytes: sum.bytes + bytes,
        });
    if budget.holds(sum) || named == Some(sum.records) {
        return Ok(());
    }
    Err(Error::Conflict {
        code: "over_budget",
        message: format!(
            "该网格员将负责 {} 人，超过一台手机的上限 {} 人；确需如此，请注明这一人数",
            sum.records, budget.hard_records
        ),
        present: Some(json!({
            "records": sum.records, "bytes": sum.bytes,
            "hard_records": budget.hard_records, "hard_bytes": budget.hard_bytes,
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_grids_in_their_order_until_one_does_not_fit() {
        let budget = Budget {
            hard_records: 1000,
            hard_bytes: 5000,
            ..Budget::default()
        };
        let weight = |records, bytes| Weight { records, bytes };
        for (grids, expected) in [
            (vec![], 0),
            (vec![weight(500, 10), weight(500, 10)], 2),
            (vec![weight(500, 10), weight(501, 10), weight(1, 1)], 1),
            (vec![weight(1001, 10), weight(1, 1)], 0),
            (vec![weight(1, 3000), weight(1, 3000)], 1),
        ] {
            assert_eq!(fitting(&budget, &grids), expected, "{grids:?}");
        }
    }
}
