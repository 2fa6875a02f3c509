import { NumberInput } from "@mantine/core";
import type { GetInputPropsReturnType } from "@mantine/form";

/** How much is kept: by age and by number. The bounds are the contract's. */
export function RetentionFields({
	field,
	older,
	versions,
}: {
	field: (name: "keep_days" | "keep_versions") => GetInputPropsReturnType;
	/** What becomes of older backups. */
	older: string;
	/** What a version is, and what an empty field means. */
	versions: string;
}) {
	return (
		<>
			<NumberInput
				label="Keep for"
				description={older}
				suffix=" days"
				min={1}
				max={36_500}
				allowDecimal={false}
				{...field("keep_days")}
			/>
			<NumberInput
				label="Keep of each device"
				description={versions}
				suffix=" versions"
				min={1}
				max={100_000}
				allowDecimal={false}
				{...field("keep_versions")}
			/>
		</>
	);
}
