/* The lease, the guard beside the old primary, two orchestrators and three places, where anything may be lost or late.
 *
 * Words are those of seawall/lease.py, seawall/slots.py and seawall/claims.py. README.md reads this aloud.
 *
 *   spin -a lease.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m1000000
 *
 * What it must hold: never two writable primaries (the assertion in CHECK), and nobody is stuck. Taking any one rule
 * away must break it:
 *   -DNO_WAIT      whoever revoked does not wait for the term
 *   -DNO_DRIFT     ... waits for the term, and not for the clocks
 *   -DANY_ONE_HOLDS, -DANY_ONE_CLAIMS   for the lease, or for the claim, one place is as good as a majority
 *   -DNO_STOP      what lets clients in stays open when the term is over
 *   -DLATE_START   the guard counts its term from when it was answered, not from before it asked
 *   -DNO_CLAIM     nobody takes a claim first
 * and -DREACH     asserts that no promotion ever comes, which must be wrong.
 */

#define PLACES 3            /* two sites and a witness */
#define MAJORITY 2          /* of the configured places, never of those that can be reached */
#ifdef ANY_ONE_HOLDS
#define HOLDS 1             /* how many places must say so for the lease */
#else
#define HOLDS MAJORITY
#endif
#ifdef ANY_ONE_CLAIMS
#define CLAIMS 1            /* ... and for the claim */
#else
#define CLAIMS MAJORITY
#endif

#define TERM  2             /* in ticks of real time */
#define DRIFT 1             /* by how much clocks may part in a term */
#ifdef NO_DRIFT
#define WAITS TERM
#else
#define WAITS (TERM + DRIFT)
#endif

/* What stands in a slot at one place. It is written once, so what a place has answered stays true. */
#define NOTHING 0
#define HELD    1           /* the guard's word */
#define OF_A    2           /* the first orchestrator's word: its claim, or `revoked` */
#define OF_B    3           /* the second one's */

#define GUARD 0             /* whose words those are, less one: the guard, orchestrator 1 and orchestrator 2 */
#define WORD(who) (who + 1)

/* The slots. lease/<server>/1 is not here: it says `held`, everywhere, when this begins. */
#define CLAIM 0             /* claims/service:login/1 */
#define SECOND 1            /* lease/<server>/2 */
#define THIRD 2             /* lease/<server>/3 */
#define SLOTS 3

byte stands[PLACES * SLOTS];
bool sent[3 * SLOTS];       /* somebody has begun to take a slot: its puts may be stored at any time from now on */

byte admits = TERM;         /* the guard: for how many ticks yet clients are let in, in real time */
byte since_asked;           /* the guard: ticks since it asked, before the first place was asked */
byte waits[3];              /* an orchestrator: ticks until safe_from */
bool promoted[3];           /* an orchestrator's own standby takes writes */

#define AT(place, slot)   stands[(place) + PLACES * (slot)]
#define SENT(who, slot)   sent[(who) + 3 * (slot)]
#define STORED(slot, word)   ((AT(0, slot) == word) + (AT(1, slot) == word) + (AT(2, slot) == word))
#define DECIDED(slot, word)  (STORED(slot, word) >= HOLDS)

/* Clients of the old primary are let in, and each promoted standby takes writes: of all these at most one. */
#ifdef REACH
#define CHECK assert(!promoted[1] && !promoted[2])
#else
#define CHECK assert((admits > 0) + promoted[1] + promoted[2] <= 1)
#endif

/* The three links of whoever has sent something. A put is stored at a place where nothing stands yet, at any time after
 * it was sent, or never: a cut link, a silent store, a lost answer and a late one are all of them this. */
inline put_if_absent(place, slot, who) {
    d_step { SENT(who, slot) && AT(place, slot) == NOTHING -> AT(place, slot) = WORD(who) }
}

active proctype Links() {
end:
    do
    :: put_if_absent(0, CLAIM, 1)    :: put_if_absent(1, CLAIM, 1)    :: put_if_absent(2, CLAIM, 1)
    :: put_if_absent(0, CLAIM, 2)    :: put_if_absent(1, CLAIM, 2)    :: put_if_absent(2, CLAIM, 2)
    :: put_if_absent(0, SECOND, 0)   :: put_if_absent(1, SECOND, 0)   :: put_if_absent(2, SECOND, 0)
    :: put_if_absent(0, SECOND, 1)   :: put_if_absent(1, SECOND, 1)   :: put_if_absent(2, SECOND, 1)
    :: put_if_absent(0, SECOND, 2)   :: put_if_absent(1, SECOND, 2)   :: put_if_absent(2, SECOND, 2)
    :: put_if_absent(0, THIRD, 1)    :: put_if_absent(1, THIRD, 1)    :: put_if_absent(2, THIRD, 1)
    :: put_if_absent(0, THIRD, 2)    :: put_if_absent(1, THIRD, 2)    :: put_if_absent(2, THIRD, 2)
    od
}

/* The guard. It may be held, or die, between any two steps: then it only does nothing more. What lets clients in was
 * told the instant at which to stop, so it stops all the same: that is the clock's doing, below. */
active proctype Guard() {
    byte next = SECOND;     /* the slot after its own word */
    byte looked[PLACES];    /* 0: not answered; 1: nobody has begun on the next slot there; 2: somebody has */
    bool spoke;

end:
    do
    :: d_step {             /* Hold.renew: it asks all three places, and any of them may never answer */
        since_asked = 0; looked[0] = 0; looked[1] = 0; looked[2] = 0
       }
    :: d_step { looked[0] == 0 -> looked[0] = (AT(0, next) == NOTHING -> 1 : 2) }
    :: d_step { looked[1] == 0 -> looked[1] = (AT(1, next) == NOTHING -> 1 : 2) }
    :: d_step { looked[2] == 0 -> looked[2] = (AT(2, next) == NOTHING -> 1 : 2) }
    :: atomic {
        (looked[0] == 1) + (looked[1] == 1) + (looked[2] == 1) >= HOLDS ->
#ifdef LATE_START
        since_asked = 0;
#endif
        /* By real time, the term lasts as long as this machine's clock makes it last. */
        if
        :: since_asked < TERM && admits < TERM - since_asked -> admits = TERM - since_asked
        :: since_asked < TERM + DRIFT && admits < TERM + DRIFT - since_asked -> admits = TERM + DRIFT - since_asked
        :: else -> skip
        fi;
        since_asked = 0; looked[0] = 0; looked[1] = 0; looked[2] = 0;
        CHECK
       }
    :: atomic {
        !spoke -> spoke = true;
        since_asked = 0; looked[0] = 0; looked[1] = 0; looked[2] = 0;
        if
        :: skip             /* Hold.again: somebody has begun on the next slot; it says its own word to learn who */
        :: true ->          /* or another guard is started (beginning), and closes the path that it finds before it asks */
#ifdef NO_STOP
            skip
#else
            admits = 0
#endif
        fi;
        SENT(GUARD, SECOND) = true
       };
       DECIDED(SECOND, HELD);   /* Hold.begun, Hold.followed; until then it begins no term */
       next = THIRD
    od
}

/* An orchestrator, each at its own site and with a standby of its own there. Where it sees nothing decided (Unclear), it
 * waits or gives up, which is the same here: it does nothing more. */
proctype Orchestrator(byte me) {
#ifndef NO_CLAIM
    SENT(me, CLAIM) = true;
end_claim:
    STORED(CLAIM, WORD(me)) >= CLAIMS; /* Theirs: refused, with the name of the other run */
#endif
    SENT(me, SECOND) = true;    /* revoking: the next slot of the row */
end_second:
    if
    :: DECIDED(SECOND, OF_A) || DECIDED(SECOND, OF_B) -> skip
    :: DECIDED(SECOND, HELD) ->
        SENT(me, THIRD) = true; /* ... and the one after, when a guard took it */
end_third:
        DECIDED(THIRD, OF_A) || DECIDED(THIRD, OF_B)
    fi;
#ifndef NO_WAIT
    waits[me] = WAITS;          /* safe_from counts from when it was seen to be decided */
    waits[me] == 0;
#endif
    atomic { promoted[me] = true; CHECK }
}

/* Real time. It may pass between any two steps of anybody: whoever is slow, held or asleep is so against this. */
active proctype Clock() {
end:
    do
    :: d_step {
#ifndef NO_STOP
        if :: admits > 0 -> admits-- :: else -> skip fi;
#endif
        if :: since_asked < TERM + DRIFT -> since_asked++ :: else -> skip fi;
        if :: waits[1] > 0 -> waits[1]-- :: else -> skip fi;
        if :: waits[2] > 0 -> waits[2]-- :: else -> skip fi
       }
    od
}

init { atomic { run Orchestrator(1); run Orchestrator(2) } }
