"""The words of a paper, in English and Danish."""

from __future__ import annotations

from seawall.messages import MARK
from seawall.model import Text


def _both(en: str, da: str) -> Text:
    return Text(en=en, da=da)


KINDS = {
    "real": _both("REAL. THIS IS NOT AN EXERCISE", "VIRKELIG. DETTE ER IKKE EN ØVELSE"),
    "exercise": _both(MARK, MARK),
}
DOES = {
    "person": _both("PERSON", "MENNESKE"),
    "changes": _both("CHANGES", "ÆNDRER"),
    "reads": _both("looks", "ser efter"),
}
TARGETS = {
    "host": _both("machine, over SSH", "maskine, over SSH"),
    "postgres": _both("PostgreSQL", "PostgreSQL"),
    "power": _both("power controller", "strømstyring"),
    "store": _both("store of objects (S3)", "objektlager (S3)"),
    "balancer": _both("balancer", "belastningsfordeler"),
    "zone": _both("DNS server", "DNS-server"),
    "web": _both("web address", "webadresse"),
}
LABELS = {
    "fingerprint": _both("host key", "værtsnøgle"),
    "hostname": _both("calls itself", "kalder sig selv"),
    "database": _both("database", "database"),
    "data": _both("data directory", "datamappe"),
    "cluster": _both("cluster name", "klyngenavn"),
    "system": _both("system identifier", "systemidentifikation"),
    "uuid": _both("UUID", "UUID"),
    "bucket": _both("bucket", "spand"),
    "sudo": _both("runs as", "kører som"),
}
STANDS = {
    "done": _both("Done by machine {at}", "Gjort af maskinen {at}"),
    "done-by": _both("Done by {by}, {at}", "Gjort af {by}, {at}"),
    "by-hand": _both("Done by hand by {by}, {at}", "Gjort i hånden af {by}, {at}"),
    "not needed": _both("Not needed", "Ikke nødvendigt"),
    "skipped": _both("Left out", "Udeladt"),
    "failed": _both(
        "DID NOT SUCCEED {at}. Look before you do it", "LYKKEDES IKKE {at}. Se efter, før du gør det"
    ),
    "under way": _both(
        "BEGUN {at}, ending not seen. Look first whether it happened",
        "BEGYNDT {at}, slutningen ikke set. Se først, om det er sket",
    ),
    "in doubt": _both(
        "IN DOUBT since {at}. Look first whether it happened", "UVIST siden {at}. Se først, om det er sket"
    ),
    "asked": _both("{who} is asked since {at}", "{who} er spurgt siden {at}"),
    "taken": _both("{who} has it since {at}", "{who} har den siden {at}"),
    "undone": _both("Taken back {at}", "Taget tilbage {at}"),
    "undoing": _both("Is being taken back", "Tages tilbage"),
    "undo failed": _both("Could not be taken back", "Kunne ikke tages tilbage"),
    "undo in doubt": _both("Not known whether it was taken back", "Uvist, om det blev taget tilbage"),
}
HEADINGS = {
    "paper": _both("Paper twin", "Papirtvilling"),
    "for": _both("What for", "Hvad for"),
    "with": _both("With", "Med"),
    "by": _both("Started by", "Sat i gang af"),
    "run": _both("Run", "Kørsel"),
    "no-run": _both("none yet: this is a plan alone", "ingen endnu: dette er kun en plan"),
    "plan": _both("Plan (SHA-256)", "Plan (SHA-256)"),
    "printed": _both("Printed", "Udskrevet"),
    "code": _both("Code of this paper", "Papirets kode"),
    "steps": _both("Steps, in this order", "Trin, i denne rækkefølge"),
    "how": _both("By hand", "I hånden"),
    "time": _both("Time", "Tid"),
    "initials": _both("Initials", "Initialer"),
    "result": _both("Result", "Resultat"),
    "yes": _both("Yes from", "Ja fra"),
    "at": _both("at", "hos"),
    "after": _both("only after", "først efter"),
    "must": _both("Must be seen", "Skal ses"),
    "not-needed": _both("Not needed when", "Ikke nødvendigt, når"),
    "takes": _both(
        "Takes what step {n} saw: by hand, do both or neither",
        "Bruger, hvad trin {n} så: gør begge i hånden eller ingen",
    ),
    "no-way-back": _both("NO WAY BACK", "INGEN VEJ TILBAGE"),
    "taken-back": _both("Taken back by", "Tages tilbage ved"),
    "within": _both("within {limit}", "inden for {limit}"),
    "note": _both("Write down", "Skriv ned"),
    "nobody-said": _both(
        "Nobody has written down how; ask an engineer.", "Ingen har skrevet hvordan; spørg en tekniker."
    ),
    "left-out": _both("Left out by the plan", "Udeladt af planen"),
    "numbers": _both("Numbers to call", "Numre at ringe til"),
    "who": _both("Who", "Hvem"),
    "telephone": _both("Telephone", "Telefon"),
    "no-number": _both("no number is written down", "intet nummer er skrevet ned"),
    "machines": _both("Where: compare before you do anything", "Hvor: sammenlign, før du gør noget"),
    "name": _both("Name", "Navn"),
    "address": _both("Address", "Adresse"),
    "known-by": _both("Known by", "Kendes på"),
    "done": _both("Done", "Gjort"),
    "not-done": _both("Not done", "Ikke gjort"),
    "back": _both("When there is a machine again", "Når der er en maskine igen"),
}
SENTENCES = {
    "exercise": _both(
        "This is an exercise. Say so in every call. Do nothing to anything real.",
        "Dette er en øvelse. Sig det i hver samtale. Gør intet ved noget virkeligt.",
    ),
    "unread": _both(
        "Planned without looking at anything: what the plan would read first ({facts}) is unknown. The plan"
        " of the day may"
        " leave steps out.",
        "Planlagt uden at se efter noget: det, planen ellers læser først ({facts}), er uvist. Dagens plan"
        " kan udelade trin.",
    ),
    "nothing-unread": _both("Planned without looking at anything.", "Planlagt uden at se efter noget."),
    "stand": _both(
        "{done} of {all} steps were over when this was printed; the rest is open.",
        "{done} af {all} trin var slut, da dette blev udskrevet; resten er åbent.",
    ),
    "rules": _both(
        "One step at a time, from the top. Tick a box, write time and initials. A step with NO WAY BACK is"
        " done by two:"
        " one reads aloud, one does. What you cannot see, write as unknown. In doubt: stop and ring.",
        "Ét trin ad gangen, oppefra. Sæt kryds, skriv tid og initialer. Et trin med INGEN VEJ TILBAGE gøres"
        " af to: en læser"
        " højt, en gør. Hvad du ikke kan se, skriver du som uvist. I tvivl: stands og ring.",
    ),
    "typed": _both(
        "Type it in, with the real times: {command}. It asks for the code above. What is done by hand then"
        " stands in the"
        " same journal, and the rest can go on by machine.",
        "Tast det ind med de rigtige tider: {command}. Der spørges om koden ovenfor. Det, der er gjort i"
        " hånden, står så i"
        " samme journal, og resten kan fortsætte på maskine.",
    ),
    "typed-none": _both(
        "There is no run yet: begin one with {command}, and type in what this paper says only if its plan"
        " has this code.",
        "Der er ingen kørsel endnu: begynd en med {command}, og tast kun papiret ind, hvis dens plan har"
        " denne kode.",
    ),
    "shred": _both(
        "It holds telephone numbers and addresses. Shred it after use.",
        "Her står telefonnumre og adresser. Makulér det efter brug.",
    ),
    "footer": _both(
        "{kind} · {run} · plan {code} · shred after use",
        "{kind} · {run} · plan {code} · makuleres efter brug",
    ),
}
