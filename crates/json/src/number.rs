//! Numbers compared exactly: no double between two of them.

use std::cmp::Ordering;

use serde_json::Number;

/// A number as sign, digits and a power of ten: `0.digits × 10^exponent`, without zeros at either end of the digits.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn of(number: &Number) -> Self {
        let text = number.to_string();
        let (negative, text) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        let zeros = all().take_while(|digit| *digit == b'0').count();
        let mut digits: Vec<u8> = all().skip(zeros).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Self { negative: false, digits, exponent: 0 };
        }
        // An exponent beyond i64 is as good as the largest: no two numbers that differ only there are ever sent.
        let limit = if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
        let exponent =
            exponent.trim_start_matches('+').parse::<i64>().unwrap_or(limit).clamp(i64::MIN / 2, i64::MAX / 2);
        let length = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 4);
        Self { negative, exponent: exponent + length(whole.len()) - length(zeros), digits }
    }
}

/// Which of two numbers is larger, exactly, however they are written.
#[must_use]
pub fn compare(one: &Number, other: &Number) -> Ordering {
    let (one, other) = (Decimal::of(one), Decimal::of(other));
    let sign = |number: &Decimal| if number.digits.is_empty() { 0 } else { 1 - 2 * i8::from(number.negative) };
    let by_size = || one.exponent.cmp(&other.exponent).then_with(|| one.digits.cmp(&other.digits));
    match sign(&one).cmp(&sign(&other)) {
        Ordering::Equal if sign(&one) == 0 => Ordering::Equal,
        Ordering::Equal if one.negative => by_size().reverse(),
        Ordering::Equal => by_size(),
        unequal => unequal,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("9007199254740993", "9007199254740992", Ordering::Greater)]
    #[case("1.0", "1", Ordering::Equal)]
    #[case("1e3", "1000", Ordering::Equal)]
    #[case("12e-1", "1.2", Ordering::Equal)]
    #[case("1e400", "1e399", Ordering::Greater)]
    #[case("-1e400", "1", Ordering::Less)]
    #[case("-2", "-10", Ordering::Greater)]
    #[case("0", "-0.0", Ordering::Equal)]
    #[case("0", "1e-400", Ordering::Less)]
    #[case("1e99999999999999999999", "5", Ordering::Greater)]
    #[case("0.001", "0.01", Ordering::Less)]
    #[case("18446744073709551617", "18446744073709551616", Ordering::Greater)]
    fn numbers_compare_exactly(#[case] one: &str, #[case] other: &str, #[case] order: Ordering) {
        let (one, other): (Number, Number) = (one.parse().expect("a number"), other.parse().expect("a number"));
        assert_eq!(compare(&one, &other), order);
        assert_eq!(compare(&other, &one), order.reverse());
    }
}
