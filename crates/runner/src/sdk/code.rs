//! What can be wrong with an SDK or its driver, by stable codes.

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Something that is not of the protocol between this program and the driver.
    Driver,
    /// The process of the driver ended in the middle of a call.
    ProcessEnded,
    /// The request has something against it by the contract.
    Request,
    /// Another request than was asked for.
    ChangedArgument,
    /// Arguments that the contract allows, rejected before anything was sent.
    RejectedValidArgument,
    /// No request at all, and an answer all the same.
    SentNothing,
    /// The same request more than once, for no reason.
    SentTwice,
    /// A create that was sent again although it may have been done.
    RepeatedCreate,
    /// More than one request, from an SDK that does not say that it tries again.
    RetriedWithoutSaying,
    /// One request, from an SDK that says that it tries again.
    NeverRetried,
    /// Another request before the server wanted one.
    RetriedTooSoon,
    /// More requests than help.
    RetriedTooOften,
    /// An answer that was not waited for.
    GaveUp,
    /// A call that went on long after its deadline.
    MissedDeadline,
    /// An error of the server that the caller did not get to see.
    SwallowedError,
    /// An error with another status than the server's.
    WrongStatus,
    /// An answer as documented that the SDK could not read.
    Unread,
    /// A documented member of the answer that the caller did not get.
    LostMember,
    /// A member that the server did not send.
    InventedMember,
    /// A value that is another one than the server's.
    ChangedValue,
    /// A value of another type than the server's.
    ChangedType,
    /// Objects in another order than the server's.
    ChangedOrder,
}

impl Code {
    /// Every code there is.
    pub const ALL: [Self; 22] = [
        Self::Driver,
        Self::ProcessEnded,
        Self::Request,
        Self::ChangedArgument,
        Self::RejectedValidArgument,
        Self::SentNothing,
        Self::SentTwice,
        Self::RepeatedCreate,
        Self::RetriedWithoutSaying,
        Self::NeverRetried,
        Self::RetriedTooSoon,
        Self::RetriedTooOften,
        Self::GaveUp,
        Self::MissedDeadline,
        Self::SwallowedError,
        Self::WrongStatus,
        Self::Unread,
        Self::LostMember,
        Self::InventedMember,
        Self::ChangedValue,
        Self::ChangedType,
        Self::ChangedOrder,
    ];

    /// The stable text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::ProcessEnded => "process-ended",
            Self::Request => "request",
            Self::ChangedArgument => "changed-argument",
            Self::RejectedValidArgument => "rejected-valid-argument",
            Self::SentNothing => "sent-nothing",
            Self::SentTwice => "sent-twice",
            Self::RepeatedCreate => "repeated-create",
            Self::RetriedWithoutSaying => "retried-without-saying",
            Self::NeverRetried => "never-retried",
            Self::RetriedTooSoon => "retried-too-soon",
            Self::RetriedTooOften => "retried-too-often",
            Self::GaveUp => "gave-up",
            Self::MissedDeadline => "missed-deadline",
            Self::SwallowedError => "swallowed-error",
            Self::WrongStatus => "wrong-status",
            Self::Unread => "unread",
            Self::LostMember => "lost-member",
            Self::InventedMember => "invented-member",
            Self::ChangedValue => "changed-value",
            Self::ChangedType => "changed-type",
            Self::ChangedOrder => "changed-order",
        }
    }

    /// The rule that is broken.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Driver => "A driver answers each call once, in time, with a line of the protocol.",
            Self::ProcessEnded => "The process in which the SDK runs outlives every call.",
            Self::Request => "A request has nothing against it by the contract.",
            Self::ChangedArgument => "What the caller gives goes over the wire as it is.",
            Self::RejectedValidArgument => "An SDK sends what the contract allows.",
            Self::SentNothing => "A call that returns has asked the server.",
            Self::SentTwice => "A call sends its request once.",
            Self::RepeatedCreate => "A create whose response was lost is sent again only with an idempotency key.",
            Self::RetriedWithoutSaying => "Only an SDK that says so tries again by itself.",
            Self::NeverRetried => "An SDK that says so tries again after 429 and 503.",
            Self::RetriedTooSoon => "An SDK that tries again waits as long as Retry-After says.",
            Self::RetriedTooOften => "An SDK gives up after some attempts.",
            Self::GaveUp => "An SDK waits for an answer as long as its caller lets it.",
            Self::MissedDeadline => "A call with a deadline ends when it is over.",
            Self::SwallowedError => "An error of the server reaches the caller as an error.",
            Self::WrongStatus => "The caller's error tells the status that the server sent.",
            Self::Unread => "An answer as documented is returned to the caller, and an error is raised as one.",
            Self::LostMember => "Every documented member of an answer reaches the caller.",
            Self::InventedMember => "The caller gets nothing that the server did not send.",
            Self::ChangedValue => "Values reach the caller as the server sent them.",
            Self::ChangedType => "Values reach the caller in the type that the server sent.",
            Self::ChangedOrder => "Objects reach the caller in the order in which the server sent them.",
        }
    }

    /// Who is to blame.
    #[must_use]
    pub const fn blame(self) -> &'static str {
        match self {
            Self::Driver => "the driver",
            _ => "the SDK, or its driver",
        }
    }
}
