//! `*` and `*=` as jaq has them, except that text is not repeated until memory ends.
//!
//! jaq allocates all of the repeated text at once, and a process that gets no memory is aborted. So `a * b` becomes a
//! call of a native filter before jaq compiles it.

use super::Data;
use jaq_core::box_iter::box_once;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::{Cv, Error, Native, ValX, native};
use jaq_json::{Num, Val};
use std::mem;

/// The most bytes of a text that `*` repeats.
const MAX_BYTES: usize = 1 << 28;

/// A variable whose name cannot be typed.
const FACTOR: &str = "$*";

pub(super) fn native() -> native::Fun<Data> {
    (
        "_times",
        native::v(2),
        Native::new(|mut cv: Cv<'_, Data>| {
            let right = cv.0.pop_var();
            let left = cv.0.pop_var();
            box_once(times(left, right))
        }),
    )
}

/// Puts a call of the native filter in place of `a * b`, and `b as $* | a |= _times(.; $*)` in place of `a *= b`.
pub(super) fn rewrite(term: &mut Term<&str>) {
    let Term::BinOp(left, operator @ (BinaryOp::Math(Math::Mul) | BinaryOp::UpdateMath(Math::Mul)), right) = term
    else {
        return;
    };
    let (left_term, right_term) = (mem::take(&mut **left), mem::take(&mut **right));
    *term = if matches!(operator, BinaryOp::Math(_)) {
        Term::Call("_times", vec![left_term, right_term])
    } else {
        let product = Term::Call("_times", vec![Term::Id, Term::Var(FACTOR)]);
        let update = Term::BinOp(Box::new(left_term), BinaryOp::Update, Box::new(product));
        Term::BinOp(Box::new(right_term), BinaryOp::Pipe(Some(Pattern::Var(FACTOR))), Box::new(update))
    };
}

fn times<'a>(left: Val, right: Val) -> ValX<'a, Val> {
    if is_too_long(&left, &right) || is_too_long(&right, &left) {
        return Err(Error::str(format_args!("`*` repeats a text to more than {} MiB", MAX_BYTES >> 20)).into());
    }
    Ok((left * right)?)
}

fn is_too_long(text: &Val, times: &Val) -> bool {
    match (text, times) {
        (Val::TStr(text) | Val::BStr(text), Val::Num(Num::Int(_) | Num::BigInt(_))) if !text.is_empty() => {
            *times > Val::Num(Num::from_integral((MAX_BYTES / text.len()).max(1)))
        }
        _ => false,
    }
}
