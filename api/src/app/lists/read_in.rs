//! A kept file read into the rows of a list: one thread reads, one seals, and the rows go in behind them, so that
//! neither the file nor its rows are ever in memory as a whole.

use super::{Reach, household};
use crate::app::Error;
use crate::app::files::Reader;
use crate::lists::{
    self, Identity, ListKind, Mark, Order, Outline, Place, Plan, Refusal, Row as Read, Source, handed_in,
};
use crate::program::Program;
use crate::seal::Keyring;
use crate::store::files::FileInfo;
use crate::store::lists::arriving::{self, Sealed};
use crate::store::lists::mappings::{self, Mapping, Remembered};
use crate::store::lists::{Applied, Content, Row};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Rows that go from thread to thread, and in, at once: phones wait for no more than these.
const STEP: usize = 500;
/// Steps that may lie between two threads.
const AHEAD: usize = 4;
/// Rows that are compared at once where people come again.
const COMPARED: usize = 1000;

/// What is read into which list.
pub struct Into<'a> {
    pub list: Uuid,
    pub source: &'a str,
    /// `YYYY-MM`.
    pub month: &'a str,
    pub kind: ListKind,
    pub reach: &'a Reach,
}

/// What was said of headers of the source and kind, by the digest of their texts.
pub struct Remembering {
    source: String,
    kind: ListKind,
    keys: Arc<Keyring>,
    all: HashMap<Vec<u8>, Mapping>,
}

impl Remembering {
    pub async fn load(program: &Program, source: &str, kind: ListKind) -> Result<Remembering, Error> {
        let mut remembering = Remembering {
            source: source.to_owned(),
            kind,
            keys: program.keys.clone(),
            all: HashMap::new(),
        };
        for mapping in mappings::of(program.db.read(), &program.keys, source, kind.name()).await? {
            let digest = remembering.digest(&mapping.said.headers);
            remembering.all.insert(digest, mapping);
        }
        Ok(remembering)
    }

    fn digest(&self, headers: &[String]) -> Vec<u8> {
        mappings::digest(&self.keys, &self.source, self.kind.name(), headers)
    }

    pub fn put(&mut self, mapping: Mapping) {
        let digest = self.digest(&mapping.said.headers);
        self.all.insert(digest, mapping);
    }

    /// What was said of headers; nothing where nobody has.
    pub fn said(&self, headers: &[String]) -> Remembered {
        let found = self.all.get(&self.digest(headers));
        found.map(|mapping| mapping.said.clone()).unwrap_or_default()
    }

    /// The same as the reader takes it. A key that is none any more is not.
    fn known(&self, headers: &[String]) -> Option<lists::Mapping> {
        let mapping = self.all.get(&self.digest(headers))?;
        let key = |name: &str| lists::keys(self.kind).find(|key| *key == name);
        let columns = mapping.said.columns.iter().filter_map(|(at, to)| match to {
            None => Some((*at, None)),
            Some(name) => Some((*at, Some(key(name)?))),
        });
        Some(lists::Mapping {
            columns: columns.collect(),
            answers: mapping.said.answers.clone(),
        })
    }

    /// When what was applied was said, and at a list of which month: the latest where there are several.
    fn applied(&self, outline: &Outline) -> Option<Applied> {
        let told = outline.sheets.iter().flat_map(|s| &s.tables).filter(|t| t.told);
        told.filter_map(|table| self.all.get(&self.digest(&lists::signature(&table.headers))))
            .max_by_key(|mapping| mapping.made_at)
            .map(|mapping| Applied {
                list: mapping.said.list,
                month: mapping.said.month.clone(),
                made_at: mapping.made_at,
            })
    }
}

/// A kept file as the reader's source, on a thread that may block.
struct Kept {
    program: Program,
    file: FileInfo,
    handle: tokio::runtime::Handle,
    /// The chunks could not be had, which is no fault of the clerk's.
    broken: Arc<AtomicBool>,
}

struct Noticing {
    inner: Reader,
    broken: Arc<AtomicBool>,
}

impl io::Read for Noticing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into);
        if read.is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl Source for Kept {
    fn size(&self) -> u64 {
        self.file.size
    }

    fn open(&self) -> io::Result<Box<dyn io::Read + '_>> {
        let _within = self.handle.enter();
        let inner = Reader::new(
            self.program.db.clone(),
            self.program.keys.clone(),
            self.file.clone(),
        );
        Ok(Box::new(Noticing {
            inner,
            broken: self.broken.clone(),
        }))
    }
}

/// A row on its way to be sealed.
struct Plain {
    place: (i32, i32),
    content: Content,
}

/// Reads a kept file and enters its rows, which nobody sees yet.
///
/// # Errors
/// `Refused` with the reader's code where the file is no list of its kind; `Forbidden` `other_category` where rows
/// enrol in what is not granted. Rows that were entered before are left for whoever takes the list away.
pub async fn read_in(
    program: &Program,
    into: &Into<'_>,
    file: FileInfo,
    remembering: Remembering,
) -> Result<(Outline, Option<Applied>), Error> {
    let broken = Arc::new(AtomicBool::new(false));
    let name = file.name.clone();
    let kept = Kept {
        program: program.clone(),
        file,
        handle: tokio::runtime::Handle::current(),
        broken: broken.clone(),
    };
    let (plain_out, plain_in) = mpsc::channel(AHEAD);
    let (sealed_out, mut sealed_in) = mpsc::channel::<Step>(AHEAD);
    let kind = into.kind;
    let year = into.month.get(..4).and_then(|year| year.parse().ok());
    let reading = tokio::task::spawn_blocking(move || {
        let _timed = tracing::debug_span!(target: "timing", "read").entered();
        let order = Order {
            kind,
            file_name: &name,
            year,
            known: &|headers| remembering.known(headers),
            most: lists::MOST_ROWS,
        };
        let outline = read(&order, &kept, &plain_out)?;
        let applied = remembering.applied(&outline);
        Ok((outline, applied))
    });
    let sealing = Sealing {
        keys: program.keys.clone(),
        list: into.list,
        source: into.source.to_owned(),
        kind,
        reach: into.reach.clone(),
    };
    let sealed = tokio::task::spawn_blocking(move || sealing.run(plain_in, &sealed_out));
    while let Some(step) = sealed_in.recv().await {
        let rows = &step?;
        program
            .db
            .write(|txn| async move { arriving::add(&*txn, into.list, rows).await })
            .await?;
    }
    let outline = reading
        .await
        .map_err(|_| Error::Damaged("the reader broke off"))?;
    sealed.await.map_err(|_| Error::Damaged("sealing broke off"))?;
    let (outline, applied) = outline.map_err(|refusal: Refusal| match broken.load(Ordering::Relaxed) {
        true => Error::Damaged("a list's file does not open"),
        false => Error::field(refusal.code.name(), refusal.message, "file"),
    })?;
    compare(program, into, &outline).await?;
    Ok((outline, applied))
}

fn read(order: &Order<'_>, source: &dyn Source, out: &mpsc::Sender<Vec<Plain>>) -> Result<Outline, Refusal> {
    let mut step = Vec::with_capacity(STEP);
    let outline = lists::stream(order, source, &mut |row, plan| {
        step.extend(plain(order.kind, &row, plan));
        match step.len() < STEP {
            true => Ok(()),
            // Whoever takes the rows has given up, and says why.
            false => out
                .blocking_send(std::mem::replace(&mut step, Vec::with_capacity(STEP)))
                .map_err(|_| Refusal::damaged()),
        }
    })?;
    out.blocking_send(step).map_err(|_| Refusal::damaged())?;
    Ok(outline)
}

/// The row, and each member of its household who counts.
fn plain(kind: ListKind, row: &Read, plan: &Plan) -> impl Iterator<Item = Plain> {
    let owned = |values: &lists::Values| -> BTreeMap<String, String> {
        values.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
    };
    let faults = row
        .faults
        .iter()
        .map(|f| (f.key.to_owned(), f.why.code().to_owned()));
    let content = Content {
        values: owned(&row.values),
        number_fault: match row.identity {
            Identity::Faulty(why) => Some(why.code().to_owned()),
            Identity::Known(_) | Identity::NotStated => None,
        },
        faults: faults.collect(),
        notes: row.notes.clone(),
        same_as: None,
        members: match household::counts(kind) {
            true => Vec::new(),
            false => row.members.iter().map(|m| owned(&m.values)).collect(),
        },
        handed_in: handed_in(&plan.headers, row)
            .map(|(header, cell)| (header.to_owned(), cell))
            .collect(),
    };
    let members = household::members(kind, row, &content);
    let own = ((row.sheet as i32, row.number as i32), content);
    std::iter::once(own)
        .chain(members)
        .map(|(place, content)| Plain { place, content })
}

type Step = Result<Vec<Sealed>, Error>;

/// Rows made ready to go in.
struct Sealing {
    keys: Arc<Keyring>,
    list: Uuid,
    source: String,
    kind: ListKind,
    reach: Reach,
}

impl Sealing {
    fn run(&self, mut rows: mpsc::Receiver<Vec<Plain>>, out: &mpsc::Sender<Step>) {
        while let Some(step) = rows.blocking_recv() {
            let _timed = tracing::debug_span!(target: "timing", "seal rows").entered();
            let sealed = match step.iter().all(|row| self.granted(&row.content)) {
                true => Ok(step
                    .iter()
                    .map(|row| self.seal(row.place, &row.content))
                    .collect()),
                false => Err(Error::Forbidden {
                    code: "other_category",
                    message: "名单中有本部门未获授权的类别，不能提交",
                }),
            };
            if out.blocking_send(sealed).is_err() {
                return;
            }
        }
    }

    fn granted(&self, content: &Content) -> bool {
        let category = || super::row::category(self.kind.name(), content);
        self.reach == Reach::All
            || !self.kind.enrols()
            || category().is_none_or(|category| self.reach.enrols(category))
    }

    fn seal(&self, place: (i32, i32), content: &Content) -> Sealed {
        // Over what the row says, not over where it stands: the same row of a later file asks nothing again.
        let said = serde_json::to_vec(&(&content.values, &content.faults)).expect("keys are strings");
        let digest = self.keys.digest(&[
            b"list_row",
            self.source.as_bytes(),
            self.kind.name().as_bytes(),
            &said,
        ]);
        arriving::seal(&self.keys, self.list, place, digest.to_vec(), content)
    }
}

/// Marks rows about people who come again: what says the same, and what contradicts each other.
async fn compare(program: &Program, into: &Into<'_>, outline: &Outline) -> Result<(), Error> {
    let months = lists::month_sheets(outline.sheets.iter().map(|s| s.name.as_str()));
    let sealing = &Sealing {
        keys: program.keys.clone(),
        list: into.list,
        source: into.source.to_owned(),
        kind: into.kind,
        reach: into.reach.clone(),
    };
    let mut rest = outline.again.as_slice();
    while !rest.is_empty() {
        let mut count = 0;
        let fits = |places: &&Vec<Place>| {
            count += places.len();
            count <= COMPARED
        };
        let many = rest.iter().take_while(fits).count().max(1);
        let (groups, later) = rest.split_at(many);
        rest = later;
        let places: BTreeSet<(i32, i32)> = groups.iter().flatten().map(stored).collect();
        let rows = arriving::at(program.db.read(), &program.keys, into.list, &places).await?;
        let changed: Vec<Sealed> = marked(groups, rows, &months)
            .iter()
            .map(|row| sealing.seal((row.sheet, row.row), &row.content))
            .collect();
        let changed = &changed;
        program
            .db
            .write(|txn| async move { arriving::replace(&*txn, into.list, changed).await })
            .await?;
    }
    Ok(())
}

fn stored(place: &Place) -> (i32, i32) {
    (place.0 as i32, place.1 as i32)
}

/// The rows of which something is said, with that said.
fn marked(groups: &[Vec<Place>], rows: Vec<Row>, months: &[bool]) -> Vec<Row> {
    let mut rows: HashMap<(i32, i32), Row> =
        rows.into_iter().map(|row| ((row.sheet, row.row), row)).collect();
    let mut out = Vec::new();
    for places in groups {
        let said: Vec<(Place, &BTreeMap<String, String>)> = places
            .iter()
            .filter_map(|place| Some((*place, &rows.get(&stored(place))?.content.values)))
            .collect();
        let marks = lists::compare(&said, months);
        let marks: Vec<(Place, Mark)> = said
            .iter()
            .zip(marks)
            .filter_map(|((place, _), mark)| Some((*place, mark?)))
            .collect();
        for (place, mark) in marks {
            let Some(mut row) = rows.remove(&stored(&place)) else {
                continue;
            };
            match mark {
                Mark::SameAs(other) => row.content.same_as = Some(stored(&other)),
                Mark::Contradicts => {
                    let code = lists::Why::TwiceInFile.code();
                    row.content.faults.push(("id_number".to_owned(), code.to_owned()));
                }
            }
            out.push(row);
        }
    }
    out
}
