<?php
/**
 * Threads and who is in them.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Reads and writes threads and their participants.
 *
 * Lock order, in every transaction of the plugin: threads by id, then messages by id, then everything that belongs to them.
 */
final class Threads {

	/** How many people one call may take into a thread. */
	public const PEOPLE_PER_CALL = 1000;

	/** How many people contacts() names at most. */
	private const CONTACTS = 10000;

	/** How many threads of a user are asked about where another plugin decides about each; older ones are left out. */
	private const ASKED_ABOUT = 1000;

	/**
	 * The roles of users in threads, in one query.
	 *
	 * @param array<string, array{0: int, 1: int}> $pairs Thread and user, by "thread:user".
	 * @return array<string, string> Role by "thread:user"; who is missing has no access.
	 * @throws Database_Failure When the database refuses.
	 */
	public static function roles( array $pairs ): array {
		$roles = array();
		if ( $pairs ) {
			$values = array();
			foreach ( $pairs as list( $thread_id, $user_id ) ) {
				array_push( $values, $thread_id, $user_id );
			}
			$where = implode( ' OR ', array_fill( 0, count( $pairs ), '(thread_id = %d AND user_id = %d)' ) );
			foreach ( Database::rows( 'SELECT thread_id, user_id, role FROM ' . Schema::table( 'participants' ) . " WHERE $where", ...$values ) as $row ) {
				$roles[ "$row->thread_id:$row->user_id" ] = $row->role;
			}
		}
		if ( has_filter( 'chatpulse_can_access_thread' ) ) {
			foreach ( $pairs as $key => list( $thread_id, $user_id ) ) {
				/**
				 * Filters whether a user may use a thread.
				 *
				 * @param bool $can       Whether the user is a participant.
				 * @param int  $thread_id The thread.
				 * @param int  $user_id   The user.
				 */
				$can = (bool) apply_filters( 'chatpulse_can_access_thread', isset( $roles[ $key ] ), $thread_id, $user_id );
				if ( ! $can ) {
					unset( $roles[ $key ] );
				} elseif ( ! isset( $roles[ $key ] ) ) {
					$roles[ $key ] = 'member';
				}
			}
		}
		return $roles;
	}

	/**
	 * A user's role in a thread.
	 *
	 * @param int $thread_id The thread.
	 * @param int $user_id   The user.
	 * @throws Refusal When the user is not in it, or there is no such thread.
	 */
	public static function role( int $thread_id, int $user_id ): string {
		$key = "$thread_id:$user_id";
		return self::roles( array( $key => array( $thread_id, $user_id ) ) )[ $key ] ?? throw Refusal::thread();
	}

	/**
	 * Which of their threads a user may use, where another plugin has a say in that.
	 *
	 * @param int[] $ids     Threads that the user is in.
	 * @param int   $user_id The user.
	 * @return int[] In the same order.
	 */
	private static function usable( array $ids, int $user_id ): array {
		return array_values(
			array_filter(
				$ids,
				/** This filter is documented in roles(). */
				static fn( int $id ): bool => (bool) apply_filters( 'chatpulse_can_access_thread', true, $id, $user_id )
			)
		);
	}

	/**
	 * A thread's row, or null.
	 *
	 * @param int  $thread_id The thread.
	 * @param bool $lock      Whether to keep others from changing it until the transaction ends.
	 */
	public static function find( int $thread_id, bool $lock = false ): ?object {
		return Database::row( 'SELECT * FROM ' . Schema::table( 'threads' ) . ' WHERE id = %d' . ( $lock ? ' FOR UPDATE' : '' ), $thread_id );
	}

	/**
	 * Keeps others from writing to these threads until the transaction ends, so that ids within a thread are in the order in which
	 * they can be read: who pages by id never passes one over.
	 *
	 * @param int[] $ids The threads.
	 */
	public static function lock( array $ids ): void {
		Database::rows( 'SELECT id FROM ' . Schema::table( 'threads' ) . ' WHERE id IN (' . Database::list_of( $ids ) . ') ORDER BY id FOR UPDATE', ...$ids );
	}

	/**
	 * Says that threads were written to just now.
	 *
	 * @param int[]  $ids The threads.
	 * @param string $now The time.
	 */
	public static function touch( array $ids, string $now ): void {
		Database::run( 'UPDATE ' . Schema::table( 'threads' ) . ' SET updated_at = %s WHERE id IN (' . Database::list_of( $ids ) . ')', $now, ...$ids );
	}

	/**
	 * The ids of everybody in a thread, in the order in which they came.
	 *
	 * @param int $thread_id The thread.
	 * @return int[]
	 */
	public static function people( int $thread_id ): array {
		return Database::ids( 'SELECT user_id FROM ' . Schema::table( 'participants' ) . ' WHERE thread_id = %d ORDER BY id', $thread_id );
	}

	/**
	 * Everybody in a thread who may use it, in the order in which they came.
	 *
	 * @param int $thread_id The thread.
	 * @return array<int, array{user_id: int, display_name: string, email: string, role: string}>
	 */
	public static function participants( int $thread_id ): array {
		$rows = Database::rows( 'SELECT user_id, role FROM ' . Schema::table( 'participants' ) . ' WHERE thread_id = %d ORDER BY id', $thread_id );
		if ( has_filter( 'chatpulse_can_access_thread' ) ) {
			$rows = array_values( array_filter( $rows, static fn( object $row ): bool => array() !== self::usable( array( $thread_id ), (int) $row->user_id ) ) );
		}
		People::load( array_map( static fn( object $row ): int => (int) $row->user_id, $rows ) );
		return array_map(
			static fn( object $row ): array => array(
				'user_id'      => (int) $row->user_id,
				'display_name' => People::name( (int) $row->user_id ),
				'email'        => People::email( (int) $row->user_id ),
				'role'         => $row->role,
			),
			$rows
		);
	}

	/**
	 * Makes a thread, or finds the private one that these two have already.
	 *
	 * @param int         $user_id The maker, who becomes its owner.
	 * @param string      $type    'private' or 'group'.
	 * @param string|null $title   Its title.
	 * @param int[]       $others  The people besides the maker; known users.
	 * @return array{0: int, 1: bool} The thread, and whether it is new.
	 * @throws Refusal When a private thread would have other than one more participant.
	 */
	public static function create( int $user_id, string $type, ?string $title, array $others ): array {
		$make = static fn(): int => Database::transaction(
			static function () use ( $user_id, $type, $title, $others ): int {
				global $wpdb;
				$now = Clock::now();
				// wpdb::prepare() has no null; a title that is not there is left to the column's default.
				if ( null === $title ) {
					Database::run( 'INSERT INTO ' . Schema::table( 'threads' ) . ' (type, created_by, created_at, updated_at) VALUES (%s, %d, %s, %s)', $type, $user_id, $now, $now );
				} else {
					Database::run( 'INSERT INTO ' . Schema::table( 'threads' ) . ' (type, title, created_by, created_at, updated_at) VALUES (%s, %s, %d, %s, %s)', $type, $title, $user_id, $now, $now );
				}
				$thread_id = (int) $wpdb->insert_id;
				self::insert_people( $thread_id, array( $user_id ), 'owner' );
				self::insert_people( $thread_id, $others, 'member' );
				return $thread_id;
			}
		);
		if ( 'private' !== $type ) {
			return array( $make(), true );
		}
		if ( 1 !== count( $others ) ) {
			throw new Refusal( 'invalid_participants_count', __( 'Private chats must have exactly one other participant.', 'chatpulse' ), 400 );
		}
		$pair = array( $user_id, $others[0] );
		sort( $pair );
		return Database::exclusively(
			'pair ' . implode( ' ', $pair ),
			static function () use ( $pair, $make ): array {
				$found = self::private_of( ...$pair );
				return null === $found ? array( $make(), true ) : array( $found, false );
			}
		);
	}

	/**
	 * The oldest private thread of exactly these two, or null.
	 *
	 * @param int $one   A user.
	 * @param int $other Another user.
	 */
	private static function private_of( int $one, int $other ): ?int {
		$participants = Schema::table( 'participants' );
		$row          = Database::row(
			'SELECT t.id FROM ' . Schema::table( 'threads' ) . " t
			JOIN $participants a ON a.thread_id = t.id AND a.user_id = %d
			JOIN $participants b ON b.thread_id = t.id AND b.user_id = %d
			WHERE t.type = 'private' AND (SELECT COUNT(*) FROM $participants p WHERE p.thread_id = t.id) = 2
			ORDER BY t.id LIMIT 1",
			$one,
			$other
		);
		return $row ? (int) $row->id : null;
	}

	/**
	 * Takes people into a thread; who is in it already stays as they are.
	 *
	 * @param int    $thread_id The thread.
	 * @param int[]  $user_ids  The people.
	 * @param string $role      Their role.
	 */
	private static function insert_people( int $thread_id, array $user_ids, string $role ): void {
		if ( ! $user_ids ) {
			return;
		}
		$now    = Clock::now();
		$values = array();
		foreach ( $user_ids as $user_id ) {
			array_push( $values, $thread_id, $user_id, $role, $now );
		}
		Database::run(
			'INSERT INTO ' . Schema::table( 'participants' ) . ' (thread_id, user_id, role, joined_at) VALUES '
				. Database::list_of( $user_ids, '(%d, %d, %s, %s)' ) . ' ON DUPLICATE KEY UPDATE thread_id = VALUES(thread_id)',
			...$values
		);
	}

	/**
	 * Takes people into a group.
	 *
	 * @param int   $thread_id The group.
	 * @param int   $caller    Who does it.
	 * @param int[] $user_ids  The people; known users.
	 * @return int[] Who was not in it before.
	 * @throws Refusal When it is no group, or the caller may not.
	 */
	public static function add_people( int $thread_id, int $caller, array $user_ids ): array {
		return Database::transaction(
			static function () use ( $thread_id, $caller, $user_ids ): array {
				self::require_group_admin( $thread_id, $caller );
				$added = array_values( array_diff( $user_ids, self::people( $thread_id ) ) );
				self::insert_people( $thread_id, $added, 'member' );
				return $added;
			}
		);
	}

	/**
	 * Takes somebody out of a group.
	 *
	 * @param int $thread_id The group.
	 * @param int $caller    Who does it.
	 * @param int $user_id   Who goes.
	 * @return bool Whether they were in it.
	 * @throws Refusal When it is no group, or the caller may not.
	 */
	public static function remove_person( int $thread_id, int $caller, int $user_id ): bool {
		return Database::transaction(
			static function () use ( $thread_id, $caller, $user_id ): bool {
				self::require_group_admin( $thread_id, $caller, $user_id );
				self::replace_owner( $thread_id, $user_id );
				return Database::run( 'DELETE FROM ' . Schema::table( 'participants' ) . ' WHERE thread_id = %d AND user_id = %d', $thread_id, $user_id ) > 0;
			}
		);
	}

	/**
	 * Gives a thread another owner before its only one goes: who has been in it longest, its admins first.
	 *
	 * @param int $thread_id The thread, locked.
	 * @param int $leaver    Who goes.
	 */
	public static function replace_owner( int $thread_id, int $leaver ): void {
		$participants = Schema::table( 'participants' );
		if ( array( $leaver ) === Database::ids( "SELECT user_id FROM $participants WHERE thread_id = %d AND role = 'owner' LOCK IN SHARE MODE", $thread_id ) ) {
			Database::run( "UPDATE $participants SET role = 'owner' WHERE thread_id = %d AND user_id <> %d ORDER BY role = 'admin' DESC, joined_at, id LIMIT 1", $thread_id, $leaver );
		}
	}

	/**
	 * Locks a group for a change of who is in it.
	 *
	 * @param int      $thread_id The group.
	 * @param int      $caller    Who changes it.
	 * @param int|null $leaver    Who goes, where somebody goes: everybody may go themselves.
	 * @throws Refusal When it is no group, or the caller may not.
	 */
	private static function require_group_admin( int $thread_id, int $caller, ?int $leaver = null ): void {
		$thread     = self::find( $thread_id, true );
		$moderating = People::may_moderate( $caller );
		$role       = $moderating && $thread ? 'owner' : self::role( $thread_id, $caller );
		if ( ! $thread ) {
			throw Refusal::thread();
		}
		if ( 'group' !== $thread->type ) {
			throw new Refusal( 'invalid_thread_type', __( 'Only who is in a group can be changed.', 'chatpulse' ), 400 );
		}
		if ( 'member' === $role && $leaver !== $caller ) {
			throw new Refusal( 'rest_cannot_change_participants', __( 'Sorry, you are not allowed to change who is in this group.', 'chatpulse' ), 403 );
		}
	}

	/**
	 * All threads that a user is in.
	 *
	 * @param int $user_id The user.
	 * @return int[]
	 */
	public static function of_user( int $user_id ): array {
		return Database::ids( 'SELECT thread_id FROM ' . Schema::table( 'participants' ) . ' WHERE user_id = %d ORDER BY thread_id', $user_id );
	}

	/**
	 * Takes a user who is being deleted out of all threads.
	 *
	 * @param int $user_id The user.
	 */
	public static function forget( int $user_id ): void {
		Database::run( 'DELETE FROM ' . Schema::table( 'participants' ) . ' WHERE user_id = %d', $user_id );
	}

	/**
	 * Everyone who shares a thread with a user, the user left out.
	 *
	 * @param int $user_id The user.
	 * @return int[]
	 */
	public static function contacts( int $user_id ): array {
		$participants = Schema::table( 'participants' );
		if ( has_filter( 'chatpulse_can_access_thread' ) ) {
			$ids = self::newest_usable( $user_id, self::from_threads_of_user(), array( $user_id ) );
			return $ids ? Database::ids(
				"SELECT DISTINCT user_id FROM $participants WHERE thread_id IN (" . Database::list_of( $ids ) . ') AND user_id <> %d ORDER BY user_id LIMIT %d',
				...$ids,
				...array( $user_id, self::CONTACTS )
			) : array();
		}
		return Database::ids(
			"SELECT DISTINCT other.user_id FROM $participants mine JOIN $participants other ON other.thread_id = mine.thread_id
			WHERE mine.user_id = %d AND other.user_id <> %d ORDER BY other.user_id LIMIT %d",
			$user_id,
			$user_id,
			self::CONTACTS
		);
	}

	/**
	 * A page of a user's threads, those first that were written to last.
	 *
	 * @param int    $user_id  The user.
	 * @param int    $page     From 1.
	 * @param int    $per_page How many.
	 * @param string $search   Looked for in titles and in the others' names; '' for all.
	 * @return array{0: int[], 1: int} The page's threads and how many there are in all.
	 */
	public static function page( int $user_id, int $page, int $per_page, string $search ): array {
		global $wpdb;
		$from   = self::from_threads_of_user();
		$values = array( $user_id );
		if ( '' !== $search ) {
			$like  = '%' . $wpdb->esc_like( $search ) . '%';
			$from .= ' AND (t.title LIKE %s OR EXISTS (SELECT 1 FROM ' . Schema::table( 'participants' ) . " p JOIN {$wpdb->users} u ON u.ID = p.user_id
				WHERE p.thread_id = t.id AND p.user_id <> %d AND u.display_name LIKE %s))";
			array_push( $values, $like, $user_id, $like );
		}
		if ( has_filter( 'chatpulse_can_access_thread' ) ) {
			$ids = self::newest_usable( $user_id, $from, $values );
			return array( array_slice( $ids, ( $page - 1 ) * $per_page, $per_page ), count( $ids ) );
		}
		$total = (int) ( Database::row( "SELECT COUNT(*) AS n $from", ...$values )->n ?? 0 );
		$ids   = Database::ids( "SELECT t.id $from ORDER BY t.updated_at DESC, t.id DESC LIMIT %d OFFSET %d", ...$values, ...array( $per_page, ( $page - 1 ) * $per_page ) );
		return array( $ids, $total );
	}

	/**
	 * SQL that selects from the threads (`t`) of one user, whose id is the placeholder.
	 */
	private static function from_threads_of_user(): string {
		return 'FROM ' . Schema::table( 'participants' ) . ' mine JOIN ' . Schema::table( 'threads' ) . ' t ON t.id = mine.thread_id WHERE mine.user_id = %d';
	}

	/**
	 * The threads that a user may use, those first that were written to last: all are asked about, as a page begins where the ones
	 * before it that may be used end.
	 *
	 * @param int          $user_id The user.
	 * @param string       $from    SQL that selects from the threads (`t`), from FROM on.
	 * @param array<mixed> $values  The values of its placeholders.
	 * @return int[]
	 */
	private static function newest_usable( int $user_id, string $from, array $values ): array {
		return self::usable( Database::ids( "SELECT t.id $from ORDER BY t.updated_at DESC, t.id DESC LIMIT %d", ...$values, ...array( self::ASKED_ABOUT ) ), $user_id );
	}

	/**
	 * Threads as answers show them.
	 *
	 * @param int[]    $ids     The threads.
	 * @param int|null $user_id Whose unread messages are counted; null counts none.
	 * @return array<int, array<string, mixed>> In the order of the ids.
	 */
	public static function shape( array $ids, ?int $user_id ): array {
		if ( ! $ids ) {
			return array();
		}
		$in       = Database::list_of( $ids );
		$messages = Schema::table( 'messages' );
		$threads  = array();
		foreach ( Database::rows( 'SELECT * FROM ' . Schema::table( 'threads' ) . " WHERE id IN ($in)", ...$ids ) as $row ) {
			$threads[ (int) $row->id ] = $row;
		}
		$people = array();
		foreach ( Database::rows( 'SELECT thread_id, user_id FROM ' . Schema::table( 'participants' ) . " WHERE thread_id IN ($in) ORDER BY id", ...$ids ) as $row ) {
			$people[ (int) $row->thread_id ][] = (int) $row->user_id;
		}
		$last = array();
		foreach ( Database::rows( "SELECT m.* FROM $messages m JOIN (SELECT MAX(id) AS id FROM $messages WHERE thread_id IN ($in) GROUP BY thread_id) newest ON newest.id = m.id", ...$ids ) as $row ) {
			$last[ (int) $row->thread_id ] = $row;
		}
		$shown  = Messages::shape( array_values( $last ) );
		$unread = null === $user_id ? array() : Receipts::unread( array_map( static fn( object $row ): int => (int) $row->id, $last ), $user_id );
		People::load(
			array_merge(
				array_map( static fn( object $row ): int => (int) $row->created_by, array_values( $threads ) ),
				...array_values( $people )
			)
		);

		$shapes = array();
		foreach ( $ids as $id ) {
			if ( ! isset( $threads[ $id ] ) ) {
				continue;
			}
			$row      = $threads[ $id ];
			$shapes[] = array(
				'id'               => $id,
				'type'             => $row->type,
				'title'            => $row->title,
				'created_by'       => (int) $row->created_by,
				'created_by_name'  => People::name( (int) $row->created_by ),
				'created_by_email' => People::email( (int) $row->created_by ),
				'created_at'       => $row->created_at,
				'updated_at'       => $row->updated_at,
				'created_at_gmt'   => Clock::iso( $row->created_at ),
				'updated_at_gmt'   => Clock::iso( $row->updated_at ),
				'participants'     => array_map(
					static fn( int $person ): array => array(
						'user_id'      => $person,
						'display_name' => People::name( $person ),
						'email'        => People::email( $person ),
					),
					$people[ $id ] ?? array()
				),
				// Where there is none, what front ends have always been given for it.
				'last_message'     => isset( $last[ $id ] ) ? $shown[ (int) $last[ $id ]->id ] : array(
					'content'     => '',
					'created_at'  => '',
					'sender_id'   => null,
					'sender_name' => '',
				),
				'unread_count'     => $unread[ $id ] ?? 0,
			);
		}
		return $shapes;
	}
}
