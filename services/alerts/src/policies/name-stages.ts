import type { Stage, StageInput } from "@netconductor/contracts/alerts/approvals";
import { failed } from "@netconductor/runtime/errors";
import type { z } from "zod";
import type { PeopleNeeds } from "../approvals/people.ts";

/**
 * Stages with the people they name, as auth knows them.
 * @param path where they stand, for the error
 * @throws approval_policies.unknown_approver
 */
export async function namedStages(
	needs: PeopleNeeds,
	stages: readonly z.output<typeof StageInput>[],
	path: string,
): Promise<Stage[]> {
	const given = [...new Set(stages.flatMap(({ users }) => users))];
	if (given.length === 0) return stages.map((stage) => ({ ...stage, users: [] }));
	const { users } = await needs.auth.describeUsers({ body: { user_ids: given, usernames: given } }, needs.ownAccount());
	return stages.map((stage, index) => {
		const named = stage.users.map((name) => {
			const found = users.find(({ id, username }) => id === name || username.toLowerCase() === name.toLowerCase());
			if (found !== undefined) return { id: found.id, name: found.username };
			throw failed("approval_policies.unknown_approver", {
				message: `There is no user ${name}.`,
				errors: [{ path: `${path}.${index}.users`, message: `there is no user ${name}` }],
			});
		});
		return { ...stage, users: [...new Map(named.map((user) => [user.id, user])).values()] };
	});
}
