//! What is known of a tree, so that its next state can be compared with it: only pages that differ are read.
//!
//! A page of a tree is named by its number and checksum, and the checksum of a branch covers those of its
//! children: two states of a tree that both name a page share all that is below it. What was in a page of the old
//! state is kept here, since the file may have lost it by the time the new state is seen.

use super::walk::Walk;
use super::{Damage, Error, File, PageRef, Result, Widths};
use crate::system::spill::Spill;
use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::Range;

/// Bytes of records in memory; what comes beyond goes to a temporary file without a name.
const MEMORY: usize = 16 * 1024 * 1024;

/// Bytes of records that are no longer needed, beyond as many as are, before the others are written anew.
const WASTE: u64 = 64 * 1024 * 1024;

/// What is kept of the leaves of all mirrors of a file: keys, and what each entry is remembered by.
#[derive(Debug)]
pub struct Records {
    spill: Spill,
    live: u64,
}

/// Where the records of a leaf are.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    offset: u64,
    len: usize,
}

impl Default for Records {
    fn default() -> Records {
        Records { spill: Spill::new(MEMORY), live: 0 }
    }
}

impl Records {
    fn push(&mut self, records: &[u8]) -> Result<Place> {
        let offset = self.spill.push(records).map_err(of_spill)?;
        self.live += records.len() as u64;
        Ok(Place { offset, len: records.len() })
    }

    fn forget(&mut self, place: Place) {
        self.live -= place.len as u64;
    }

    fn load(&self, place: Place) -> Result<Vec<u8>> {
        let mut records = vec![0; place.len];
        self.spill.read(place.offset, &mut records).map_err(of_spill)?;
        Ok(records)
    }

    /// Writes the records of these mirrors, which are all that there are, anew where most of what is kept is no
    /// longer needed.
    pub fn tidy<'m>(&mut self, mirrors: impl Iterator<Item = &'m mut Mirror>) -> Result<()> {
        if self.spill.len() <= 2 * self.live + WASTE {
            return Ok(());
        }
        let mut anew = Records::default();
        for mirror in mirrors {
            for node in mirror.nodes.values_mut().chain(mirror.ahead.values_mut()) {
                if let Node::Leaf(place) = node {
                    *place = anew.push(&self.load(*place)?)?;
                }
            }
        }
        *self = anew;
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
fn of_spill(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the temporary file for what was seen: {error}"))
}

#[derive(Debug)]
enum Node {
    Branch(Box<[PageRef]>),
    Leaf(Place),
    /// It could not be read: nothing is known of what is below it.
    Damaged,
}

/// One state of a tree.
#[derive(Debug, Default)]
pub struct Mirror {
    root: Option<PageRef>,
    /// The pages of that state.
    nodes: HashMap<PageRef, Node>,
    /// Pages that were read of states that were gone before they were read whole.
    ahead: HashMap<PageRef, Node>,
}

/// A newer state of a tree, read as far as it differs.
#[derive(Debug, Default)]
pub struct Advance {
    root: Option<PageRef>,
    /// The topmost pages that both states have.
    shared: HashSet<PageRef>,
    /// The other pages of the new state, in order.
    new: Vec<PageRef>,
    /// What could not be read.
    pub damage: Vec<Damage>,
    has_damage: bool,
}

/// What is to be done about a page that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    /// Stop: the app may have moved on.
    Refuse,
    /// Go on without it.
    PassBy,
}

/// An entry on both sides of a difference: what is remembered of it.
pub struct Changed<'c> {
    pub key: &'c [u8],
    pub old: Option<&'c [u8]>,
    pub new: Option<&'c [u8]>,
}

/// Appends what an entry is to be remembered by to the buffer.
pub type Remember<'r> = dyn Fn(&[u8], &mut Vec<u8>) + 'r;

impl Mirror {
    /// Whether the mirror is of this state already.
    pub fn is_of(&self, root: Option<&PageRef>) -> bool {
        self.root.as_ref() == root
    }

    /// Whether the state has entries, as far as is known.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Reads another state of the tree, but for what it shares with this one. Nothing changes but that what was
    /// read need not be read again.
    pub fn read(
        &mut self,
        file: &File,
        root: Option<&PageRef>,
        remember: &Remember<'_>,
        records: &mut Records,
        damaged: Damaged,
    ) -> Result<Advance> {
        let mut advance = Advance { root: root.copied(), ..Advance::default() };
        let mut walk = Walk::new(file);
        walk.begin(advance.root, Widths::default());
        while let Some(at) = walk.next() {
            let below = match walk.reach(at.page) {
                Ok(()) if self.nodes.contains_key(&at) => {
                    advance.shared.insert(at);
                    continue;
                }
                Ok(()) => match self.ahead.get(&at) {
                    Some(node) => Ok(children(node)),
                    None => self.read_page(&mut walk, at, remember, records),
                },
                Err(error) => Err(error),
            };
            match below {
                Ok(children) => walk.enter(children),
                Err(Error::Damaged(damage)) if damaged == Damaged::PassBy => {
                    advance.damage.push(damage);
                    advance.has_damage = true;
                    self.ahead.entry(at).or_insert(Node::Damaged);
                }
                Err(error) => return Err(error),
            }
            advance.new.push(at);
        }
        Ok(advance)
    }

    fn read_page(
        &mut self,
        walk: &mut Walk<'_>,
        at: PageRef,
        remember: &Remember<'_>,
        records: &mut Records,
    ) -> Result<Vec<PageRef>> {
        let page = walk.read(at)?;
        let node = if page.is_leaf() {
            let mut leaf = Vec::new();
            for n in 0..page.count() {
                push(&mut leaf, |leaf| leaf.extend_from_slice(page.key(n)));
                push(&mut leaf, |leaf| remember(page.value(n), leaf));
            }
            Node::Leaf(records.push(&leaf)?)
        } else {
            Node::Branch(page.children_from(0).into())
        };
        walk.reuse(page);
        let below = children(&node);
        self.ahead.insert(at, node);
        Ok(below)
    }

    /// The entries that differ in the new state, in the order of the keys.
    pub fn differences<'r>(&self, advance: &Advance, records: &'r Records) -> Differences<'r> {
        let place = |node: &Node| if let Node::Leaf(place) = node { Some(*place) } else { None };
        let old = self.left_behind(advance).iter().filter_map(|id| place(self.nodes.get(id)?)).collect();
        let new = advance.new.iter().filter_map(|id| place(self.ahead.get(id)?)).collect();
        Differences { old: Entries::new(records, old), new: Entries::new(records, new) }
    }

    /// Whether something could not be read, on either side, of what differs.
    pub fn has_unknown(&self, advance: &Advance) -> [bool; 2] {
        let old = self.left_behind(advance);
        let is_damaged = |node: Option<&Node>| matches!(node, Some(Node::Damaged));
        [old.iter().any(|id| is_damaged(self.nodes.get(id))), advance.has_damage]
    }

    /// Takes on the new state.
    pub fn apply(&mut self, advance: Advance, records: &mut Records) {
        for id in self.left_behind(&advance) {
            if let Some(Node::Leaf(place)) = self.nodes.remove(&id) {
                records.forget(place);
            }
        }
        for id in advance.new {
            if let Some(node) = self.ahead.remove(&id) {
                self.nodes.insert(id, node);
            }
        }
        self.root = advance.root;
        self.forget_ahead(records);
    }

    /// Forgets what was read of states that are gone.
    pub fn forget_ahead(&mut self, records: &mut Records) {
        for (_, node) in self.ahead.drain() {
            if let Node::Leaf(place) = node {
                records.forget(place);
            }
        }
    }

    /// The pages of this state that the new one does not have, in order.
    fn left_behind(&self, advance: &Advance) -> Vec<PageRef> {
        let mut left = Vec::new();
        // A file can be made that names a page twice.
        let mut reached = HashSet::new();
        let mut stack: Vec<PageRef> = self.root.into_iter().collect();
        while let Some(at) = stack.pop() {
            if advance.shared.contains(&at) || !reached.insert(at) {
                continue;
            }
            left.push(at);
            if let Some(Node::Branch(children)) = self.nodes.get(&at) {
                stack.extend(children.iter().rev());
            }
        }
        left
    }
}

fn children(node: &Node) -> Vec<PageRef> {
    match node {
        Node::Branch(children) => children.to_vec(),
        _ => Vec::new(),
    }
}

/// Appends a piece after its length.
fn push(to: &mut Vec<u8>, piece: impl FnOnce(&mut Vec<u8>)) {
    let at = to.len();
    to.extend_from_slice(&[0; 8]);
    piece(to);
    let len = (to.len() - at - 8) as u64;
    to[at..at + 8].copy_from_slice(&len.to_le_bytes());
}

/// Takes a piece off the front.
fn pop(from: &[u8], at: &mut usize) -> Range<usize> {
    let len = u64::from_le_bytes(from[*at..*at + 8].try_into().expect("8 bytes"));
    let start = *at + 8;
    *at = start + usize::try_from(len).expect("it is in memory");
    start..*at
}

/// The entries that differ between two states of a tree.
pub struct Differences<'r> {
    old: Entries<'r>,
    new: Entries<'r>,
}

impl Differences<'_> {
    /// The next one.
    pub fn next(&mut self) -> Result<Option<Changed<'_>>> {
        let Differences { old, new } = self;
        let [has_old, has_new] = loop {
            let sides = [old.step()?, new.step()?];
            let sides = match sides {
                [false, false] => return Ok(None),
                [true, true] => {
                    let order = old.key().cmp(new.key());
                    [order.is_le(), order.is_ge()]
                }
                one => one,
            };
            old.is_taken |= sides[0];
            new.is_taken |= sides[1];
            if sides != [true, true] || old.value() != new.value() {
                break sides;
            }
        };
        let key = if has_old { old.key() } else { new.key() };
        Ok(Some(Changed { key, old: has_old.then(|| old.value()), new: has_new.then(|| new.value()) }))
    }
}

/// The records of leaves, one after the other.
struct Entries<'r> {
    records: &'r Records,
    leaves: std::vec::IntoIter<Place>,
    leaf: Vec<u8>,
    at: usize,
    key: Range<usize>,
    value: Range<usize>,
    /// Whether the current entry is done with.
    is_taken: bool,
}

impl<'r> Entries<'r> {
    fn new(records: &'r Records, leaves: Vec<Place>) -> Entries<'r> {
        let leaves = leaves.into_iter();
        Entries { records, leaves, leaf: Vec::new(), at: 0, key: 0..0, value: 0..0, is_taken: true }
    }

    /// Goes on to the next entry if the current one is done with; `false` at the end.
    fn step(&mut self) -> Result<bool> {
        if !self.is_taken {
            return Ok(true);
        }
        while self.at == self.leaf.len() {
            let Some(place) = self.leaves.next() else { return Ok(false) };
            self.leaf = self.records.load(place)?;
            self.at = 0;
        }
        self.key = pop(&self.leaf, &mut self.at);
        self.value = pop(&self.leaf, &mut self.at);
        self.is_taken = false;
        Ok(true)
    }

    fn key(&self) -> &[u8] {
        &self.leaf[self.key.clone()]
    }

    fn value(&self) -> &[u8] {
        &self.leaf[self.value.clone()]
    }
}
