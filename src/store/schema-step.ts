export interface SchemaStep {
  readonly name: string
  readonly sql: string
}
