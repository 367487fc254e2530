"""Variants of a nudge's words, and which of them a message has."""

from django.db import migrations, models

# Two to four that are tried, their shares 100 together, or none; no key comes twice, not even one of long ago.
ARE_VARIANTS = """
CREATE FUNCTION nudges_are_variants(variants jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_typeof(variants) = 'array' AND (
        SELECT coalesce(bool_and(coalesce(key ~ '^[a-z0-9]{1,8}$' AND name <> '' AND share BETWEEN 1 AND 99, false)), true)
            AND count(*) = count(DISTINCT key)
            AND count(*) FILTER (WHERE ended_at IS NULL) IN (0, 2, 3, 4)
            AND coalesce(sum(share) FILTER (WHERE ended_at IS NULL), 100) = 100
        FROM jsonb_to_recordset(variants) AS one (key text, name text, share integer, ended_at text)
    )
$$;
"""

# Words are plain, or those of a variant that is tried.
WORDS = """
CREATE FUNCTION nudges_check_words_of_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM nudges_nudge AS nudge CROSS JOIN jsonb_array_elements(nudge.variants) AS one
        WHERE nudge.id = NEW.nudge_id AND one ->> 'key' = NEW.variant AND one ->> 'ended_at' IS NULL
    ) THEN
        RAISE EXCEPTION 'words are those of a variant that is tried' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER content_of_a_variant BEFORE INSERT OR UPDATE OF variant, nudge_id ON nudges_nudgecontent
    FOR EACH ROW WHEN (NEW.variant <> '') EXECUTE FUNCTION nudges_check_words_of_variant();

CREATE FUNCTION nudges_check_variants_of_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM nudges_nudgecontent AS content
        WHERE content.nudge_id = NEW.id AND content.variant <> '' AND NOT EXISTS (
            SELECT FROM jsonb_array_elements(NEW.variants) AS one
            WHERE one ->> 'key' = content.variant AND one ->> 'ended_at' IS NULL
        )
    ) THEN
        RAISE EXCEPTION 'a variant that ends leaves no words' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER variants_keep_their_words BEFORE UPDATE OF variants ON nudges_nudge
    FOR EACH ROW WHEN (NEW.variants IS DISTINCT FROM OLD.variants)
    EXECUTE FUNCTION nudges_check_variants_of_words();
"""


class Migration(migrations.Migration):
    dependencies = [("nudges", "0011_entries")]
    operations = [
        migrations.RunSQL(ARE_VARIANTS, "DROP FUNCTION nudges_are_variants(jsonb)"),
        migrations.AddField(
            "nudge",
            "variants",
            models.JSONField(
                blank=True, db_default=[], default=list, help_text="Of its words; see nudges.variants."
            ),
        ),
        migrations.AddField(
            "nudge",
            "compared_since",
            models.DateTimeField(
                blank=True,
                help_text="From then on its variants are what they are, or were when last tried.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            "nudge",
            models.CheckConstraint(
                condition=models.Func(
                    models.F("variants"), function="nudges_are_variants", output_field=models.BooleanField()
                ),
                name="nudge_variants_are_whole",
            ),
        ),
        migrations.AddConstraint(
            "nudge",
            models.CheckConstraint(
                condition=models.Q(("variants", []), ("compared_since__isnull", False), _connector="OR"),
                name="variants_have_a_beginning",
            ),
        ),
        migrations.AddField(
            "nudgecontent",
            "variant",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Key of one that is tried; empty: plain.",
                max_length=8,
            ),
        ),
        migrations.RemoveConstraint("nudgecontent", "content_once"),
        migrations.AddConstraint(
            "nudgecontent",
            models.UniqueConstraint(fields=("nudge", "channel", "language", "variant"), name="content_once"),
        ),
        migrations.AddField(
            "message",
            "variant",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Whose words it has; empty: the plain ones.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            "message",
            "variant_chance",
            models.PositiveSmallIntegerField(help_text="In percent, with which it was this one.", null=True),
        ),
        migrations.AddConstraint(
            "message",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("variant", ""), ("variant_chance", None)),
                    models.Q(
                        models.Q(("variant", ""), _negated=True),
                        ("variant_chance__isnull", False),
                        ("variant_chance__range", (1, 99)),
                    ),
                    _connector="OR",
                ),
                name="message_variant_has_a_chance",
            ),
        ),
        migrations.RunSQL(
            WORDS,
            """
            DROP TRIGGER variants_keep_their_words ON nudges_nudge;
            DROP TRIGGER content_of_a_variant ON nudges_nudgecontent;
            DROP FUNCTION nudges_check_variants_of_words();
            DROP FUNCTION nudges_check_words_of_variant();
            """,
        ),
    ]
