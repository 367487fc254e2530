"""Requests for reviews: what may be asked about, and never by what somebody may say."""

import django.db.models.deletion
from django.conf import settings
from importlib import import_module

from django.db import migrations, models


SETTLED_BEFORE: str = import_module("nudges.migrations.0017_event_triggers").SETTLED_BY

# The products that an entry may ask about now: bought and kept, and not reviewed yet; of a follow-up, whose review stands and
# was not touched lately. Neither ratings nor replies are looked at: everybody is asked, or nobody.
PRODUCTS_TO_ASK = """
CREATE FUNCTION nudges_products_to_ask(entry_id bigint, now timestamptz) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(product.id ORDER BY array_position(entry.product_ids, product.id)), '{}')
    FROM nudges_entry AS entry
    JOIN nudges_nudge AS nudge ON nudge.id = entry.nudge_id
    JOIN engagement_product AS product
        ON product.id = ANY (entry.product_ids) AND product.workspace_id = entry.workspace_id AND product.kind = 'own'
    LEFT JOIN reviews_review AS review ON review.customer_id = entry.customer_id AND review.product_id = product.id
    LEFT JOIN LATERAL (
        SELECT bought.properties ->> 'order_id' AS id
        FROM engagement_event AS bought
        WHERE bought.customer_id = entry.customer_id
          AND bought.id = CASE WHEN nudge.purpose = 'review' THEN entry.event_id ELSE review.order_event_id END
    ) AS placed ON true
    WHERE entry.id = entry_id
      AND CASE WHEN nudge.purpose = 'review'
            THEN review.id IS NULL AND NOT EXISTS ( -- bought again: asked about once a year
                SELECT FROM nudges_entry AS other
                JOIN nudges_message AS message ON message.candidate_id = other.candidate_id
                WHERE other.customer_id = entry.customer_id AND other.nudge_id = entry.nudge_id AND other.id <> entry.id
                  AND product.id = ANY (other.product_ids) AND message.decided_at > now - interval '365 days'
                  AND message.state NOT IN ('failed', 'bounced', 'cancelled')
            )
            ELSE review.status IN ('pending', 'published') AND NOT EXISTS (
                SELECT FROM reviews_reviewversion AS version
                WHERE version.review_id = review.id AND version.at > now - interval '14 days'
            )
          END
      AND NOT EXISTS (
          SELECT FROM engagement_event AS back
          WHERE back.customer_id = entry.customer_id AND back.workspace_id = entry.workspace_id
            AND back.name IN ('Order Refunded', 'Order Returned', 'Order Cancelled') AND back.occurred_at <= now
            AND back.properties ->> 'order_id' = placed.id
            AND (
                coalesce(jsonb_typeof(back.properties -> 'products'), '') <> 'array'
                OR back.properties -> 'products' = '[]'
                OR EXISTS (
                    SELECT FROM jsonb_array_elements(back.properties -> 'products') AS given (told)
                    WHERE product.sku IN (told ->> 'product_id', told ->> 'sku')
                )
            )
      )
$$;
"""
NO_PRODUCTS_TO_ASK = "DROP FUNCTION nudges_products_to_ask(bigint, timestamptz);"

# A nudge that asks about products is settled, too, when none is left to ask about.
SETTLED_BY = SETTLED_BEFORE.replace("CREATE FUNCTION nudges_settled_by", "CREATE FUNCTION nudges_settled_by_event") + """
CREATE OR REPLACE FUNCTION nudges_settled_by(candidate bigint, now timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nudges_settled_by_event(candidate, now), (
        SELECT 'products'
        FROM nudges_entry AS entry
        JOIN nudges_nudge AS nudge ON nudge.id = entry.nudge_id
        WHERE entry.candidate_id = candidate AND nudge.purpose LIKE 'review%'
          AND nudges_products_to_ask(entry.id, now) = '{}'
    ))
$$;
"""
SETTLED_AS_BEFORE = (
    SETTLED_BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    + "DROP FUNCTION nudges_settled_by_event(bigint, timestamptz);"
)


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0010_event_readers'),
        ('journeys', '0009_guide_audience_and_schedule'),
        ('nudges', '0022_fewer_message_indexes'),
        ('reviews', '0010_feeds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ExperienceTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(help_text='As products of the catalogue have it.', max_length=200)),
                ('days', models.PositiveSmallIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='entry',
            name='subject',
            field=models.CharField(blank=True, db_default='', default='', help_text='The order that it is about, if any.', max_length=200),
        ),
        migrations.AddField(
            model_name='nudge',
            name='purpose',
            field=models.CharField(blank=True, choices=[('review', 'Review of an order'), ('review_30', 'Review after a month of use'), ('review_180', 'Review after half a year of use'), ('owner', 'Question to an owner')], db_default='', default='', help_text="Empty: the marketer's own.", max_length=12),
        ),
        migrations.AddConstraint(
            model_name='nudge',
            constraint=models.UniqueConstraint(condition=models.Q(('purpose', ''), _negated=True), fields=('workspace', 'purpose'), name='one_nudge_of_a_purpose'),
        ),
        migrations.AddConstraint(
            model_name='nudge',
            constraint=models.CheckConstraint(condition=models.Q(('purpose', ''), models.Q(('conditions', {}), ('on_cap', 'defer'), ('trigger', 'event'), ('trigger_need', None)), _connector='OR'), name='purpose_asks_all_or_none'),
        ),
        migrations.AddField(
            model_name='experiencetime',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddConstraint(
            model_name='experiencetime',
            constraint=models.UniqueConstraint(fields=('workspace', 'category'), name='experience_time_once'),
        ),
        migrations.AddConstraint(
            model_name='experiencetime',
            constraint=models.CheckConstraint(condition=models.Q(('days__lte', 365)), name='experience_within_a_year'),
        ),
        migrations.RunSQL(PRODUCTS_TO_ASK, NO_PRODUCTS_TO_ASK),
        migrations.RunSQL(SETTLED_BY, SETTLED_AS_BEFORE),
    ]
