/**
 * What @as-pect/transform does, by the names of the compiler's node kinds instead of the numbers they had before asc 0.28.17:
 * every class gets the two members through which as-pect compares and prints objects.
 */
import { NodeKind } from 'assemblyscript/dist/assemblyscript.js'
import { Transform } from 'assemblyscript/dist/transform.js'
import { createAddReflectedValueKeyValuePairsMember } from '@as-pect/transform/lib/createAddReflectedValueKeyValuePairsMember.js'
import { createStrictEqualsMember } from '@as-pect/transform/lib/createStrictEqualsMember.js'

/** The numbers @as-pect/transform 8.1.0 knows fields and methods by. */
const OLD_KINDS = new Map([[NodeKind.FieldDeclaration, 54], [NodeKind.MethodDeclaration, 58]])

/** `declaration` with the old numbers on its members; nothing of it is copied. */
const asBefore = (declaration) =>
  Object.create(declaration, {
    members: { value: declaration.members.map((member) => Object.create(member, { kind: { value: OLD_KINDS.get(member.kind) ?? -1 } })) },
  })

function visit(statements) {
  for (const statement of statements) {
    if (statement.kind === NodeKind.NamespaceDeclaration) visit(statement.members)
    if (statement.kind !== NodeKind.ClassDeclaration) continue
    const before = asBefore(statement)
    statement.members.push(createStrictEqualsMember(before), createAddReflectedValueKeyValuePairsMember(before))
  }
}

export default class AspectTransform extends Transform {
  afterParse(parser) {
    for (const source of parser.sources) visit(source.statements)
  }
}
