"""The words by which an SMS is answered: whole messages, in several languages, and nothing is read out of a sentence.

No word has two meanings in two languages (a test holds it), so all languages are understood at once: a customer may
answer in another one than they were written to. Accents, case, and signs around a word are the same word.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from nudges.models import ReplyKind

HELPFUL, NOT_NOW = ReplyKind.HELPFUL.value, ReplyKind.NOT_NOW.value
NOT_RELEVANT, CHANGED = ReplyKind.NOT_RELEVANT.value, ReplyKind.CHANGED.value
STOP, START, HELP, UNDO = "stop", "start", "help", "undo"

# The first of each is the one that messages name.
WORDS: dict[str, dict[str, list[str]]] = {
    "en": {
        HELPFUL: ["HELPFUL", "YES", "USEFUL"],
        NOT_NOW: ["LATER", "NOT NOW"],
        NOT_RELEVANT: ["NO", "NOT RELEVANT"],
        CHANGED: ["CHANGED", "MY SITUATION CHANGED"],
        # What carriers and Twilio take for a stop, too.
        STOP: [
            "STOP",
            "STOP ALL",
            "STOPALL",
            "UNSUBSCRIBE",
            "CANCEL",
            "END",
            "QUIT",
            "REVOKE",
            "OPTOUT",
            "OPT OUT",
        ],
        START: ["START", "UNSTOP", "SUBSCRIBE"],
        HELP: ["HELP", "INFO"],
        UNDO: ["UNDO"],
    },
    "de": {
        HELPFUL: ["HILFREICH", "JA"],
        NOT_NOW: ["SPÄTER", "SPAETER", "NICHT JETZT"],
        NOT_RELEVANT: ["NEIN", "NICHT RELEVANT", "UNWICHTIG"],
        CHANGED: ["ANDERS", "GEÄNDERT", "MEINE SITUATION HAT SICH GEÄNDERT"],
        STOP: ["STOPP", "ABMELDEN", "ENDE", "BEENDEN", "ABBESTELLEN"],
        START: ["STARTEN", "ANMELDEN"],
        HELP: ["HILFE"],
        UNDO: ["ZURÜCK", "RÜCKGÄNGIG"],
    },
    "fr": {
        HELPFUL: ["UTILE", "OUI"],
        NOT_NOW: ["PLUS TARD", "PAS MAINTENANT"],
        NOT_RELEVANT: ["NON", "PAS PERTINENT"],
        CHANGED: ["CHANGÉ", "MA SITUATION A CHANGÉ"],
        STOP: ["ARRÊT", "ARRÊTER", "DÉSABONNER", "FIN"],
        START: ["DÉBUTER", "REPRENDRE"],
        HELP: ["AIDE"],
        UNDO: ["ANNULER"],
    },
    "es": {
        HELPFUL: ["ÚTIL", "SÍ"],
        NOT_NOW: ["LUEGO", "AHORA NO", "MÁS TARDE"],
        NOT_RELEVANT: ["NO ME INTERESA"],
        CHANGED: ["CAMBIÓ", "HA CAMBIADO"],
        STOP: ["ALTO", "BAJA", "PARAR", "CANCELAR"],
        START: ["ALTA", "INICIAR"],
        HELP: ["AYUDA"],
        UNDO: ["DESHACER"],
    },
    "it": {
        HELPFUL: ["UTILISSIMO"],
        NOT_NOW: ["PIÙ TARDI", "DOPO", "NON ORA"],
        NOT_RELEVANT: ["NON MI INTERESSA"],
        CHANGED: ["CAMBIATO", "È CAMBIATO"],
        STOP: ["FERMA", "BASTA", "ANNULLA ISCRIZIONE"],
        START: ["INIZIA"],
        HELP: ["AIUTO"],
        UNDO: ["ANNULLA"],
    },
    "nl": {
        HELPFUL: ["NUTTIG", "HANDIG"],
        NOT_NOW: ["STRAKS", "NIET NU"],
        NOT_RELEVANT: ["NEE", "NIET RELEVANT"],
        CHANGED: ["VERANDERD"],
        STOP: ["AFMELDEN", "UITSCHRIJVEN"],
        START: ["AANMELDEN"],
        HELP: ["HULP"],
        UNDO: ["ONGEDAAN"],
    },
}
SIGNS = re.compile(r"[\W_]+")


def command_of(text: str) -> str:
    """What a whole message means: the kind of a reply, stop, start, help or undo; empty for free words."""
    return _meanings().get(normal(text), "")


def words_for(language: str) -> dict[str, str]:
    """The word that stands for each command in a language, else in English."""
    base = language.lower().replace("_", "-").partition("-")[0]
    return {command: WORDS.get(base, {}).get(command, english)[0] for command, english in WORDS["en"].items()}


def normal(text: str) -> str:
    """Capital letters without accents, one space between words, no other signs."""
    bare = "".join(
        sign for sign in unicodedata.normalize("NFKD", text[:200]) if not unicodedata.combining(sign)
    )
    return SIGNS.sub(" ", bare).strip().upper()


@cache
def _meanings() -> dict[str, str]:
    return {
        normal(word): command
        for language in WORDS.values()
        for command, words in language.items()
        for word in words
    }
