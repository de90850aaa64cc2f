<?php
/**
 * Who may do what: every route for every kind of caller.
 */

namespace Chatpulse\Tests;

require_once __DIR__ . '/ChatTestCase.php';

final class PermissionsTest extends ChatTestCase {

	/**
	 * Method, route ({thread}, {message}, {member}, {stranger} are ids), body, and the status for: a member, a stranger (who is signed
	 * in), the key alone.
	 */
	private const ROUTES = array(
		array( 'GET', '/threads', null, 200, 200, 403 ),
		array( 'POST', '/threads', array( 'type' => 'group', 'participants' => array() ), 201, 201, 403 ),
		array( 'GET', '/threads/{thread}/messages', null, 200, 403, 403 ),
		array( 'POST', '/threads/{thread}', array( 'content' => 'Hello' ), 201, 403, 403 ),
		array( 'POST', '/threads/{thread}/read', array(), 200, 403, 403 ),
		array( 'GET', '/messages/{message}/receipts', null, 200, 403, 403 ),
		array( 'PATCH', '/messages/{message}', array( 'content' => 'Edited' ), 200, 403, 403 ),
		array( 'POST', '/messages/{message}/reactions', array( 'emoji' => '👍' ), 200, 403, 403 ),
		array( 'DELETE', '/messages/{message}', null, 200, 403, 403 ),
		array( 'GET', '/threads/{thread}/participants', null, 200, 403, 200 ),
		array( 'POST', '/threads/{thread}/participants', array( 'user_ids' => array( '{stranger}' ) ), 200, 403, 403 ),
		array( 'DELETE', '/threads/{thread}/participants/{other}', null, 200, 403, 403 ),
		array( 'POST', '/threads/{thread}/typing', array( 'is_typing' => true ), 200, 403, 403 ),
		array( 'GET', '/threads/{thread}/typing', null, 200, 403, 403 ),
		array( 'GET', '/users', null, 200, 200, 200 ),
		array( 'GET', '/users/{member}/threads', null, 200, 403, 200 ),
		array( 'GET', '/users/{member}/contacts', null, 200, 403, 200 ),
		array( 'POST', '/batch', array( 'operations' => array() ), 403, 403, 200 ),
	);

	public static function routes(): array {
		return array_combine( array_map( static fn( array $route ): string => "$route[0] $route[1]", self::ROUTES ), self::ROUTES );
	}

	/**
	 * @dataProvider routes
	 */
	public function test_a_route_is_open_to_those_who_may( string $method, string $route, ?array $body, int $member, int $stranger, int $alone ): void {
		$users   = array( $this->make_user(), $this->make_user(), $this->make_user() );
		$thread  = $this->make_thread( array( $users[0], $users[1] ) );
		$message = $this->send( $users[0], $thread )['id'];
		$names   = array( '{thread}' => $thread, '{message}' => $message, '{member}' => $users[0], '{other}' => $users[1], '{stranger}' => $users[2] );
		$route   = strtr( $route, $names );
		$body    = null === $body ? null : json_decode( strtr( (string) wp_json_encode( $body ), array( '"{stranger}"' => $users[2] ) ), true );
		$body    = array() === $body ? new \stdClass() : $body;
		$calls   = array(
			'nobody'                         => array( array(), 401 ),
			'a wrong key'                    => array( array( 'X-Chatpulse-API-Key' => 'wrong' ), 401 ),
			'a wrong key for a member'       => array( array( 'X-Chatpulse-API-Key' => 'wrong', 'X-Chatpulse-User' => (string) $users[0] ), 401 ),
			'an empty key for a member'      => array( array( 'X-Chatpulse-API-Key' => '', 'X-Chatpulse-User' => (string) $users[0] ), 401 ),
			'a name without a key'           => array( array( 'X-Chatpulse-User' => (string) $users[0] ), 401 ),
			'a wrong key and a cookie'       => array( array( 'X-Chatpulse-API-Key' => 'wrong' ) + $this->sign_in( $users[0] ), 401 ),
			'a cookie without a nonce'       => array( array_diff_key( $this->sign_in( $users[0] ), array( 'X-WP-Nonce' => 1 ) ), 401 ),
			'a key for a user who is none'   => array( $this->key( 999999999 ), 403 ),
			'a key for something'            => array( array( 'X-Chatpulse-User' => '1 OR 1' ) + $this->key(), 400 ),
			'a bad nonce, with the key, too' => array( array( 'X-WP-Nonce' => 'wrong' ) + $this->sign_in( $users[0] ) + $this->key( $users[0] ), 403 ),
			'the key alone'                  => array( $this->key(), $alone ),
			'the key and a member\'s cookie' => array( $this->key() + $this->sign_in( $users[0] ), $alone ),
			'the key for a stranger'         => array( $this->key( $users[2] ), '/batch' === $route ? 200 : $stranger ),
			'a stranger'                     => array( $this->sign_in( $users[2] ), $stranger ),
			'a member'                       => array( $this->sign_in( $users[0] ), $member ),
		);
		if ( 'DELETE' !== $method ) {
			$calls['the key for a member'] = array( $this->key( $users[0] ), '/batch' === $route ? 200 : $member );
		}

		$statuses = array();
		foreach ( $calls as $who => list( $headers, $wanted ) ) {
			list( $status ) = $this->call( $method, $route, $body, $headers );
			if ( $status !== $wanted ) {
				$statuses[ $who ] = "$status in place of $wanted";
			}
		}

		$this->assertSame( array(), $statuses );
	}

	public function test_a_socket_token_is_for_people_only(): void {
		$user = $this->make_user();

		$this->assertSame( 401, $this->call( 'POST', '/socket-token' )[0] );
		$this->assertSame( 403, $this->call( 'POST', '/socket-token', null, $this->key() )[0] );
		$this->assertSame( 403, $this->call( 'POST', '/socket-token', null, $this->key( $user ) )[0] );
		$this->assertSame( 200, $this->call( 'POST', '/socket-token', null, $this->sign_in( $user ) )[0] );
	}

	public function test_a_site_without_a_key_takes_none(): void {
		$key = get_option( 'chatpulse_api_key' );
		update_option( 'chatpulse_api_key', '' );
		try {
			$this->assertSame( 401, $this->call( 'POST', '/batch', array( 'operations' => array() ), array( 'X-Chatpulse-API-Key' => '' ) )[0] );
		} finally {
			update_option( 'chatpulse_api_key', $key );
		}
	}

	public function test_the_key_sends_for_the_sender_that_it_names_if_that_one_may(): void {
		$users  = array( $this->make_user(), $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( array( $users[0], $users[1] ) );

		list( $status, $answer ) = $this->call( 'POST', "/threads/$thread", array( 'content' => 'x', 'sender_id' => $users[1] ), $this->key() );
		$this->assertSame( array( 201, $users[1] ), array( $status, $answer['message']['sender_id'] ) );

		$this->assertSame( 403, $this->call( 'POST', "/threads/$thread", array( 'content' => 'x', 'sender_id' => $users[2] ), $this->key() )[0] );
		$this->assertSame( 403, $this->call( 'POST', "/threads/$thread", array( 'content' => 'x', 'sender_id' => 999999999 ), $this->key() )[0] );
	}

	public function test_a_sender_that_somebody_signed_in_names_does_not_count(): void {
		$users  = array( $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( $users );

		list( $status, $answer ) = $this->call( 'POST', "/threads/$thread", array( 'content' => 'x', 'sender_id' => $users[0] ), $this->sign_in( $users[1] ) );

		$this->assertSame( array( 201, $users[1] ), array( $status, $answer['message']['sender_id'] ) );
	}

	public function test_only_the_author_edits_and_who_moderates_deletes(): void {
		$owner   = $this->make_user();
		$author  = $this->make_user();
		$reader  = $this->make_user();
		$editor  = $this->make_user( 'editor' );
		$thread  = $this->make_thread( array( $owner, $author, $reader ) );
		$message = $this->send( $author, $thread )['id'];
		$edit    = array( 'content' => 'Changed' );

		$this->assertSame( 'rest_cannot_edit_message', $this->call( 'PATCH', "/messages/$message", $edit, $this->key( $reader ) )[1]['code'] );
		$this->assertSame( 403, $this->call( 'PATCH', "/messages/$message", $edit, $this->key( $editor ) )[0] );
		$this->assertSame( 403, $this->call( 'DELETE', "/messages/$message", null, $this->key( $reader ) )[0] );
		$this->assertSame( 200, $this->call( 'DELETE', "/messages/$message", null, $this->key( $editor ) )[0] );
		$this->assertSame( 404, $this->call( 'PATCH', "/messages/$message", $edit, $this->key( $author ) )[0], 'deleted' );

		$second = $this->send( $author, $thread )['id'];
		$this->assertSame( 200, $this->call( 'DELETE', "/messages/$second", null, $this->key( $owner ) )[0] );
	}

	public function test_a_group_is_changed_by_its_owner_and_left_by_anybody(): void {
		$owner  = $this->make_user();
		$member = $this->make_user();
		$editor = $this->make_user( 'editor' );
		$new    = $this->make_user();
		$thread = $this->make_thread( array( $owner, $member ) );

		$this->assertSame( 403, $this->call( 'POST', "/threads/$thread/participants", array( 'user_ids' => array( $new ) ), $this->key( $member ) )[0] );
		list( $status, $answer ) = $this->call( 'POST', "/threads/$thread/participants", array( 'user_ids' => array( $new, $member ) ), $this->key( $owner ) );
		$this->assertSame( 200, $status );
		$this->assertSame( array( $owner, $member, $new ), array_column( $answer['thread']['participants'], 'user_id' ) );

		$this->assertSame( 403, $this->call( 'DELETE', "/threads/$thread/participants/$new", null, $this->key( $member ) )[0] );
		$this->assertSame( 200, $this->call( 'DELETE', "/threads/$thread/participants/$member", null, $this->key( $member ) )[0] );
		$this->assertSame( 403, $this->call( 'GET', "/threads/$thread/messages", null, $this->key( $member ) )[0], 'is out' );
		$this->assertSame( 200, $this->call( 'DELETE', "/threads/$thread/participants/$new", null, $this->key( $editor ) )[0] );
		$this->assertSame( 'invalid_participant', $this->call( 'POST', "/threads/$thread/participants", array( 'user_ids' => array( 999999999 ) ), $this->key( $owner ) )[1]['code'] );
		$this->assertSame( 403, $this->call( 'POST', '/threads/99999999/participants', array( 'user_ids' => array( $new ) ), $this->key( $editor ) )[0] );

		$private = $this->make_thread( array( $owner, $member ), 'private' );
		$this->assertSame( 'invalid_thread_type', $this->call( 'POST', "/threads/$private/participants", array( 'user_ids' => array( $new ) ), $this->key( $owner ) )[1]['code'] );
		$this->assertSame( 'thread_not_found', $this->call( 'GET', '/threads/99999999/participants', null, $this->key() )[1]['code'] );
	}

	public function test_a_group_that_loses_its_only_owner_gets_another_one(): void {
		list( $owner, $first, $admin, $editor ) = array( $this->make_user(), $this->make_user(), $this->make_user(), $this->make_user( 'editor' ) );
		$thread = $this->make_thread( array( $owner, $first, $admin ) );
		$roles  = fn(): array => array_column( $this->call( 'GET', "/threads/$thread/participants", null, $this->key() )[1]['participants'], 'role', 'user_id' );

		// Owner leaves, the longest-standing one follows.
		$this->assertSame( 200, $this->call( 'DELETE', "/threads/$thread/participants/$owner", null, $this->key( $owner ) )[0] );
		$this->assertSame( array( $first => 'owner', $admin => 'member' ), $roles() );
		$this->assertSame( 200, $this->call( 'POST', "/threads/$thread/participants", array( 'user_ids' => array( $owner ) ), $this->key( $first ) )[0] );

		// Removed by a moderator, an admin goes before those who came earlier.
		$GLOBALS['wpdb']->query( 'UPDATE ' . \Chatpulse\Schema::table( 'participants' ) . " SET role = 'admin' WHERE thread_id = $thread AND user_id = $owner" );
		$this->assertSame( 200, $this->call( 'DELETE', "/threads/$thread/participants/$first", null, $this->key( $editor ) )[0] );
		$this->assertSame( array( $admin => 'member', $owner => 'owner' ), $roles() );

		// A member who leaves changes nobody's role.
		$this->assertSame( 200, $this->call( 'DELETE', "/threads/$thread/participants/$admin", null, $this->key( $admin ) )[0] );
		$this->assertSame( array( $owner => 'owner' ), $roles() );
		$this->assertSame( 200, $this->call( 'DELETE', "/threads/$thread/participants/$owner", null, $this->key( $owner ) )[0] );
		$this->assertSame( array(), $roles() );
	}

	public function test_who_may_not_use_the_chat_is_refused(): void {
		$user = $this->make_user();
		( new \WP_User( $user ) )->set_role( '' );

		$this->assertSame( 'rest_cannot_chat', $this->call( 'GET', '/threads', null, $this->key( $user ) )[1]['code'] );
		$this->assertSame( 403, $this->call( 'POST', '/socket-token', null, $this->sign_in( $user ) )[0] );
		$this->assertSame( 'invalid_participant', $this->call( 'POST', '/threads', array( 'type' => 'private', 'participants' => array( $user ) ), $this->key( $this->make_user() ) )[1]['code'] );
	}

	public function test_other_plugins_decide_about_access(): void {
		$users  = array( $this->make_user(), $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( array( $users[0], $users[1] ) );
		$other  = $this->make_thread( array( $users[0], $users[2] ) );
		$filter = static fn( bool $can, int $asked, int $user ): bool => $asked === $thread ? $user === $users[2] : $can;
		add_filter( 'chatpulse_can_access_thread', $filter, 10, 3 );
		try {
			$this->assertSame( 'member', \Chatpulse\Threads::role( $thread, $users[2] ) );
			$this->assertSame( array( array( $other ), 1 ), \Chatpulse\Threads::page( $users[0], 1, 20, '' ) );
			$this->assertSame( array( array(), 1 ), \Chatpulse\Threads::page( $users[0], 2, 20, '' ) );
			$this->assertSame( array( $users[2] ), \Chatpulse\Threads::contacts( $users[0] ) );
			$this->assertSame( array(), \Chatpulse\Threads::contacts( $users[1] ) );
			$this->assertSame( array(), \Chatpulse\Threads::participants( $thread ) );
			$this->assertCount( 2, \Chatpulse\Threads::participants( $other ) );
			$this->expectException( \Chatpulse\Refusal::class );
			\Chatpulse\Threads::role( $thread, $users[0] );
		} finally {
			remove_filter( 'chatpulse_can_access_thread', $filter );
		}
	}
}
