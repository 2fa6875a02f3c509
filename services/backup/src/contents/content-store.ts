import type { TextRules } from "@netconductor/runtime/config-text";
import type { Database } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { sealedContext, type Vault } from "@netconductor/runtime/vault";
import { eq, type InferSelectModel, inArray, sql } from "drizzle-orm";
import { backups, contents } from "../tables.ts";
import type { ContentForms, MaskingRules, PackedRaw, PreparedConfig } from "../text/prepare.ts";
import type { PackedContent, PackedText } from "../text/tasks.ts";

export type NewContent = InferSelectModel<typeof contents>;

/** A stored content, opened. */
export interface StoredContent extends PackedContent {
	id: string;
	raw_hash: string;
	masking: MaskingRules;
}

/** What a content is recognised by. */
export type KnownContent = Pick<NewContent, "id" | "content_key" | "content_hash" | "raw_hash" | "masked_size">;

/** Raw bytes of a backup where they are not its content's, sealed. */
export type SealedDelta = Pick<InferSelectModel<typeof backups>, "raw_delta" | "raw_delta_against">;

export interface ContentStore {
	/** Contents with these keys, as far as there are any, in no order. */
	findByKeys(content_keys: readonly string[]): Promise<KnownContent[]>;
	/** A row for a prepared config that is new, sealed. Seal before a transaction begins. */
	seal(prepared: NewConfig, rules: TextRules, created_at: string): Promise<NewContent>;
	/** The masked text alone, still packed: no secret is opened for it. */
	readMasked(content_ids: readonly string[]): Promise<Map<string, PackedText>>;
	open(content_id: string): Promise<StoredContent | undefined>;
	sealDelta(backup_id: string, delta: Uint8Array): Promise<Buffer>;
	openDelta(backup_id: string): Promise<PackedContent["raw_delta"]>;
}

/** A prepared config with all its forms. */
type NewConfig = PreparedConfig & { forms: ContentForms; raw: PackedRaw };

const context = {
	normalised: (id: string) => sealedContext("contents", "normalised", id),
	raw: (id: string) => sealedContext("contents", "raw", id),
	raw_delta: (id: string) => sealedContext("backups", "raw_delta", id),
};

export function createContentStore({ db, vault }: { db: Database; vault: Vault }): ContentStore {
	return {
		async findByKeys(content_keys) {
			const { rows } = await db.orm.execute<KnownContent & Record<string, unknown>>(
				sql`select id, content_key, content_hash, raw_hash, masked_size from contents
					where content_key = any(${sql.param([...content_keys])}::text[])`,
			);
			return rows;
		},

		async seal(prepared, rules, created_at) {
			const id = newId();
			const { forms, raw: packedRaw } = prepared;
			const normalised = await vault.sealBytes(forms.normalised, context.normalised(id));
			const raw = await vault.sealBytes(packedRaw.packed, context.raw(id));
			const masked = Buffer.from(forms.masked);
			const { content_key, content_hash, raw_hash, masked_size, normalised_size, raw_size } = prepared;
			return {
				id,
				content_key,
				content_hash,
				raw_hash,
				raw_crlf: packedRaw.crlf,
				masked_size,
				normalised_size,
				raw_size,
				masked,
				normalised,
				raw,
				masking: { secrets: rules.secrets, secret_blocks: rules.secret_blocks },
				stored_bytes: masked.length + normalised.length + raw.length,
				created_at,
			};
		},

		async readMasked(content_ids) {
			const rows = await db.orm
				.select({ id: contents.id, packed: contents.masked, size: contents.masked_size })
				.from(contents)
				.where(inArray(contents.id, [...content_ids]));
			return new Map(rows.map(({ id, packed, size }) => [id, { packed, size }]));
		},

		async open(content_id) {
			const [row] = await db.orm.select().from(contents).where(eq(contents.id, content_id));
			if (row === undefined) return undefined;
			return {
				id: row.id,
				raw_hash: row.raw_hash,
				masking: row.masking,
				masked: { packed: row.masked, size: row.masked_size },
				normalised: {
					packed: await vault.openBytes(row.normalised, context.normalised(row.id)),
					size: row.normalised_size,
				},
				raw: {
					packed: await vault.openBytes(row.raw, context.raw(row.id)),
					size: row.raw_size,
					crlf: row.raw_crlf,
				},
				raw_delta: undefined,
			};
		},

		sealDelta: (backup_id, delta) => vault.sealBytes(delta, context.raw_delta(backup_id)),

		async openDelta(backup_id) {
			const [row] = await db.orm
				.select({ delta: backups.raw_delta, against: backups.raw_delta_against, size: backups.size_bytes })
				.from(backups)
				.where(eq(backups.id, backup_id));
			if (row === undefined || row.delta === null) return undefined;
			return {
				packed: await vault.openBytes(row.delta, context.raw_delta(backup_id)),
				size: row.size ?? 0,
				against: row.against ?? "raw",
			};
		},
	};
}

/** Columns of this service that the vault sealed; each is sealed for its table, column and row. */
export const sealedColumns = [
	{ table: "contents", column: "normalised" },
	{ table: "contents", column: "raw" },
	{ table: "backups", column: "raw_delta" },
	{ table: "hash_keys", column: "sealed" },
];
