import { Switch } from "@mantine/core";
import { useAtOnce } from "./use-at-once.ts";

/** A switch for how a page shows something, which the address keeps. */
export function ViewSwitch({
	label,
	title,
	checked,
	onChange,
}: {
	label: string;
	title?: string;
	checked: boolean;
	onChange: (checked: boolean) => void;
}) {
	const [shown, choose] = useAtOnce(checked);
	return (
		<Switch
			size="xs"
			label={label}
			title={title}
			checked={shown}
			onChange={({ currentTarget }) => {
				choose(currentTarget.checked);
				onChange(currentTarget.checked);
			}}
		/>
	);
}
