import { Choice } from "../../ui/table/choice.tsx";
import type { useRoles } from "./use-roles.ts";

type Disabled = "true" | "false";
interface Chosen {
	role?: string | undefined;
	disabled?: Disabled | undefined;
}

/** What accounts, of people or of programs, are narrowed down by. */
export function AccountChoices({
	roles,
	chosen: { role, disabled },
	onChoose,
}: {
	roles: ReturnType<typeof useRoles>["roles"];
	chosen: Chosen;
	onChoose: (change: Chosen) => void;
}) {
	return (
		<>
			{roles.length > 0 && (
				<Choice
					label="Role"
					any="Any role"
					options={roles.map(({ name, label }) => ({ value: name, label }))}
					value={role}
					onChange={(chosen) => onChoose({ role: chosen })}
				/>
			)}
			<Choice
				label="State"
				any="Any state"
				options={[
					{ value: "false", label: "Enabled" },
					{ value: "true", label: "Disabled" },
				]}
				value={disabled}
				onChange={(chosen) => onChoose({ disabled: chosen })}
			/>
		</>
	);
}
