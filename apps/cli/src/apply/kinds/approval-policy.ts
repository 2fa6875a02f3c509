import type { ApprovalPolicy } from "@netconductor/contracts/alerts/approvals";
import { ApprovalPolicyDocument } from "../documents.ts";
import { changedMeanwhile, type Existing, inTermsOf, type Kind, picked } from "../kind.ts";
import { asSet } from "../named-devices.ts";

export const approvalPolicyKind: Kind<ApprovalPolicyDocument> = {
	async all(world) {
		return (await world.policies()).filter(({ built_in }) => !built_in).map(existingOf);
	},
	async find(world, name) {
		const found = (await world.policies()).find((policy) => policy.name.toLowerCase() === name.toLowerCase());
		return found === undefined ? undefined : existingOf(found);
	},
	async settled(world, { document, placeOf }) {
		const same = (await world.policies()).find(({ name }) => name.toLowerCase() === document.name.toLowerCase());
		if (same?.built_in) {
			world.errors.push({ path: placeOf(["name"]), message: "This is the built-in policy, which cannot be changed" });
		}
		return inOneForm(document);
	},
	async create({ clients }, { kind: _, ...body }) {
		await clients.alerts.createApprovalPolicy({ body });
	},
	async change({ clients }, { id, seen }, document, changed) {
		const { updated_at } = await clients.alerts.getApprovalPolicy({ params: { id } });
		if (updated_at !== seen) throw changedMeanwhile(document.name);
		const { kind: _, ...body } = picked(document, changed) as Partial<ApprovalPolicyDocument>;
		await clients.alerts.updateApprovalPolicy({ params: { id }, body });
	},
};

function existingOf(policy: ApprovalPolicy): Existing<ApprovalPolicyDocument> {
	const document = inOneForm({
		...(inTermsOf(ApprovalPolicyDocument, policy) as ApprovalPolicyDocument),
		kind: "ApprovalPolicy",
		stages: policy.stages.map((stage) => ({ ...stage, users: stage.users.map((user) => user.name) })),
	});
	return { id: policy.id, seen: policy.updated_at, document };
}

function inOneForm(document: ApprovalPolicyDocument): ApprovalPolicyDocument {
	return {
		...document,
		kinds: asSet(document.kinds),
		groups: asSet(document.groups),
		stages: document.stages.map(({ name, needed, users, roles }) => ({
			name,
			needed,
			users: asSet(users.map((user) => user.toLowerCase())),
			roles: asSet(roles),
		})),
	};
}
