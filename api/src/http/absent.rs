//! Patches tell an absent member from one that is `null`.

use poem_openapi::types::MaybeUndefined;

/// Absent, `null` or a value, as use cases take it.
pub(super) fn nested<T>(given: MaybeUndefined<T>) -> Option<Option<T>> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}
